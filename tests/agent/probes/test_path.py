"""The path probe against a scripted network: every failure returns, private routers stay private, and what is stable is facts."""

from dataclasses import replace

import pytest

from agent.network.net import Resolution, Traced
from agent.network.way import DIRECT_WAY, Way
from agent.probes import path
from agent.probes.path import shown
from tests.fakes.network import FakeClock, FakeNetwork
from wire.facts import PathFacts
from wire.observation import PathObservation
from wire.target import DIRECT, Route, Target
from wire.vocabulary import FAILURES, STAGES, Failure, Stage

TARGET = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")
FOUND = Resolution("kernel", answers=("52.98.0.2", "52.98.0.1"), resolver="192.0.2.53", dns_ms=4.0)
SEEN = Traced(
    "kernel",
    method="linux-ttl",
    ends_at=2,
    control_port=80,
    control_ends_at=5,
    hops=("192.168.1.1", "100.64.0.1", "", "203.0.113.9", "52.98.0.1"),
    hop_ms={"203.0.113.9": 7.5, "52.98.0.1": 9.5},
    connect_ms=0.4,
    control_ms=40.5,
    icmp_ms=40.8,
    unroutable="accepted",
    unroutable_ms=0.3,
    mss=1348,
    sack=True,
    timestamps=False,
    scaling=True,
)


def network(seen: Traced = SEEN, found: Resolution = FOUND) -> FakeNetwork:
    """Return a network where the target's trace is as told."""
    return FakeNetwork({TARGET.host: found}, traces={TARGET.name: seen})


async def measured(net: FakeNetwork, turn: int = 0) -> tuple[PathObservation, PathFacts]:
    """Run the probe; hold what is true of every result."""
    result = await path.measure(TARGET, DIRECT, net, FakeClock(turn))
    assert isinstance(result.observation, PathObservation)
    assert isinstance(result.facts, PathFacts)
    assert (result.observation.at_us, result.certificates) == (1_500, {})
    return result.observation, result.facts


async def test_all_that_was_seen() -> None:
    """Times and hops are sample; distances, the address nobody owns, and what was agreed on are facts."""
    net = network()
    observation, facts = await measured(net)
    assert (observation.connect_ms, observation.control_ms, observation.icmp_ms, observation.unroutable_ms) == (0.4, 40.5, 40.8, 0.3)
    assert observation.hops == ["private", "private", "", "203.0.113.9", "52.98.0.1"]
    assert (facts.ends_at, facts.control_port, facts.control_ends_at, facts.unroutable) == (2, 80, 5, "accepted")
    assert (facts.mss, facts.sack, facts.timestamps, facts.scaling, facts.method) == (1348, True, False, True, "linux-ttl")
    assert net.traced == [(TARGET.name, "52.98.0.1", DIRECT_WAY)]


async def test_a_route_from_an_own_address() -> None:
    """The trace leaves by the address the route names."""
    net = network()
    await path.measure(TARGET, Route(name="lan", kind="source", source="192.0.2.7"), net, FakeClock())
    assert net.traced == [(TARGET.name, "52.98.0.1", Way("source", "192.0.2.7", addresses=("192.0.2.7",)))]


async def test_every_address_gets_its_turn() -> None:
    """Addresses are taken in sorted order by the cycle's number."""
    net = network()
    assert [(await measured(net, turn))[0].address for turn in range(3)] == ["52.98.0.1", "52.98.0.2", "52.98.0.1"]


async def test_facts_are_stable() -> None:
    """Other routers, other times and another address leave the facts' id as it was."""
    first, _ = await measured(network())
    second, _ = await measured(network(replace(SEEN, hops=("", ""), connect_ms=9.0, icmp_ms=None, suspect=True)), turn=1)
    assert first.facts == second.facts
    assert second.suspect


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("failure", FAILURES)
async def test_every_failure_returns(failure: Failure, stage: Stage) -> None:
    """Whatever fails wherever, in the lookup or after it, the probe returns it as facts."""
    for net in (
        network(Traced("kernel", failure=failure, stage=stage, error="x")),
        network(found=Resolution("kernel", failure=failure, stage=stage, error="x")),
    ):
        observation, facts = await measured(net)
        assert (facts.failure, facts.stage, observation.error, observation.hops) == (failure, stage, "x", [])


async def test_name_without_address() -> None:
    """A lookup that succeeds without an address is a failure of its own, and nothing is traced."""
    net = network(found=Resolution("kernel"))
    _, facts = await measured(net)
    assert (facts.failure, facts.stage, net.traced) == ("dns_no_data", "dns", [])


@pytest.mark.parametrize(
    ("origins", "hop", "direct"),
    [
        ({}, None, None),
        ({"203.0.113.9": 3320, "52.98.0.1": 8075}, 5, True),
        ({"100.64.0.1": 3209, "203.0.113.9": 3320, "52.98.0.1": 8075}, 5, False),
        ({"52.98.0.1": 8075}, 5, None),
        ({"203.0.113.9": 8075, "52.98.0.1": 8075}, 4, None),
        ({"203.0.113.9": 3320}, None, None),
    ],
)
async def test_where_microsoft_begins(origins: dict[str, int], hop: int | None, direct: bool | None) -> None:  # noqa: FBT001 - a table's column
    """The first hop Microsoft announces; direct when one network alone was seen before it, unknown when none was."""
    observation, _ = await measured(network(replace(SEEN, origins=origins)))
    assert (observation.microsoft_hop, observation.direct_peering) == (hop, direct)
    assert observation.microsoft_ms == {5: 9.5, 4: 7.5, None: None}[hop]


@pytest.mark.parametrize(
    ("hop", "told"),
    [
        ("10.1.2.3", "private"),
        ("172.31.0.1", "private"),
        ("169.254.1.1", "private"),
        ("fe80::1%eth0", "private"),
        ("fd00::1", "private"),
        ("::1", "private"),
        ("172.32.0.1", "172.32.0.1"),
        ("2603:1006::1", "2603:1006::1"),
        ("", ""),
    ],
)
def test_private_routers_are_a_word(hop: str, told: str) -> None:
    """Addresses of the customer's own network are not reported."""
    assert shown(hop) == told


async def test_endless_hops() -> None:
    """More hops than the wire takes are cut there."""
    observation, _ = await measured(network(replace(SEEN, hops=("203.0.113.1",) * 99)))
    assert len(observation.hops) == path.MAX_HOPS
