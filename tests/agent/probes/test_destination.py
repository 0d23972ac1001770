"""Where a probe connects to."""

from collections.abc import Awaitable, Callable

import pytest

from agent.network.net import Exchange, Fetched, Resolution
from agent.network.way import Way, Ways, ways_of
from agent.probes.destination import destination, reach
from tests.fakes.network import FakeNetwork
from wire.target import DIRECT, SYSTEM, Route, Target

TARGET = Target(host="a.test", category="Control", workload="Control")


async def test_lookup_failed() -> None:
    """Without an address there is nowhere to go, and the lookup says why."""
    where = await destination(TARGET, DIRECT, FakeNetwork(), 0)
    assert (where.address, where.shown, where.resolution.failure) == (None, None, "dns_nxdomain")


async def test_turns_wrap() -> None:
    """A turn beyond the number of addresses starts over."""
    net = FakeNetwork({"a.test": Resolution("kernel", ("192.0.2.3", "192.0.2.1", "192.0.2.2"))})
    assert [(await destination(TARGET, DIRECT, net, turn)).shown for turn in (0, 2, 3)] == ["192.0.2.1", "192.0.2.3", "192.0.2.1"]


@pytest.mark.parametrize(("proxy", "host"), [("p.test:3128", "p.test"), ("[2001:db8::1]:3128", "2001:db8::1")])
async def test_a_proxy_is_looked_up_in_the_targets_place(proxy: str, host: str) -> None:
    """On a proxied route the target's name is never asked for; the proxy's comes without port and brackets."""
    net = FakeNetwork({"p.test": Resolution("kernel", ("192.0.2.9",))})
    where = await destination(TARGET, Route(name="x", kind="proxy", proxy=proxy), net, 0)
    assert (net.looked_up, where.shown) == ([host], None)
    assert where.address in {"192.0.2.9", "2001:db8::1"}


async def test_only_addresses_the_source_can_reach() -> None:
    """From an IPv4 address an IPv6 one is not tried; where there is no other, it is, and fails by its own word."""
    net = FakeNetwork({"a.test": Resolution("kernel", ("2001:db8::1", "192.0.2.1"))})
    lan = Way("source", "eth0", addresses=("198.51.100.7",))
    assert [(await destination(TARGET, DIRECT, net, turn, lan)).address for turn in (0, 1)] == ["192.0.2.1", "192.0.2.1"]
    assert (await destination(TARGET, DIRECT, net, 0, Way("source", "eth9"))).address == "192.0.2.1"


def by(net: FakeNetwork) -> Callable[[str, Way], Awaitable[Fetched]]:
    """Return what makes a request by a way."""
    return lambda address, way: net.fetch(Exchange(TARGET, SYSTEM, address, way=way))


NAMES = {
    "a.test": Resolution("kernel", ("192.0.2.1",)),
    "one.test": Resolution("kernel", ("192.0.2.11",)),
    "two.test": Resolution("kernel", ("192.0.2.12",)),
}
OK = Fetched("kernel", status=200)


def failing(failure: str, stage: str) -> Fetched:
    """Return an exchange that failed."""
    return Fetched("kernel", failure=failure, stage=stage)  # type: ignore[arg-type] # words of the vocabulary


@pytest.mark.parametrize(
    ("first", "taken"),
    [
        (failing("refused", "connect"), "proxy two.test:2"),
        (failing("timeout", "connect"), "proxy two.test:2"),
        (failing("reset", "proxy"), "proxy two.test:2"),
        (failing("proxy_auth", "proxy"), "proxy one.test:1"),
        (failing("proxy_denied", "proxy"), "proxy one.test:1"),
        (failing("timeout", "tls"), "proxy one.test:1"),
        (OK, "proxy one.test:1"),
    ],
)
async def test_the_next_way_is_tried_when_one_is_not_there(first: Fetched, taken: str) -> None:
    """A proxy that is not there is passed over, as browsers do; one that refuses, or is there while the far end is not, is kept to."""
    sites = {"proxy one.test:1": first, "proxy two.test:2": OK}
    net = FakeNetwork(NAMES, sites, system=Ways(ways_of("PROXY one.test:1; PROXY two.test:2; DIRECT"), "pac"))
    reached = await reach(TARGET, SYSTEM, net, 0, by(net))
    assert reached.via() == {"via": taken, "via_source": "pac"}


async def test_ways_that_cannot_be_tried() -> None:
    """A proxy without an address and one of a kind that is not spoken are passed over; the last way's failure is the exchange's."""
    sites = {"socks two.test:2": failing("proxy_unsupported", "proxy"), "a.test:443": OK}
    net = FakeNetwork(NAMES, sites, system=Ways(ways_of("PROXY none.test:1; SOCKS two.test:2; DIRECT"), "pac"))
    assert (await reach(TARGET, SYSTEM, net, 0, by(net))).via()["via"] == "direct"
    alone = FakeNetwork(NAMES, sites, system=Ways(ways_of("SOCKS two.test:2"), "settings"))
    reached = await reach(TARGET, SYSTEM, alone, 0, by(alone))
    assert (reached.via()["via"], reached.seen and reached.seen.failure) == ("socks two.test:2", "proxy_unsupported")


async def test_nobody_chose_the_direct_route() -> None:
    """On a direct route there is nothing to say; on a proxied one the plan said so."""
    net = FakeNetwork(NAMES, {"a.test:443": OK})
    assert (await reach(TARGET, DIRECT, net, 0, by(net))).via() == {}
    office = Route(name="office", kind="proxy", proxy="one.test:1")
    assert (await reach(TARGET, office, net, 0, by(net))).via() == {"via": "proxy one.test:1", "via_source": "plan"}
