"""The dns probe against a scripted network."""

import pytest

from agent.network.net import Resolution, Told
from agent.probes import dns
from tests.fakes.network import FakeClock, FakeNetwork
from wire.facts import DnsFacts
from wire.observation import DnsObservation
from wire.target import DIRECT, Target
from wire.vocabulary import FAILURES, STAGES, Failure, Stage

TARGET = Target(host="a.test", protocol="dns", category="Control", workload="Control")


async def measured(found: Resolution) -> tuple[DnsObservation, DnsFacts]:
    """Run the probe on one lookup."""
    result = await dns.measure(TARGET, DIRECT, FakeNetwork({"a.test": found}), FakeClock())
    assert isinstance(result.observation, DnsObservation)
    assert isinstance(result.facts, DnsFacts)
    assert not result.certificates
    return result.observation, result.facts


async def test_answers_are_sample_resolver_and_aliases_are_facts() -> None:
    """Answers vary by design; who gave them, and by which aliases, does not."""
    observation, facts = await measured(Resolution("kernel", ("192.0.2.1",), ("edge.test",), "192.0.2.53", 7.5))
    other, _ = await measured(Resolution("loop", ("192.0.2.2",), ("edge.test",), "192.0.2.53", 9.5))
    assert (observation.answers, observation.dns_ms) == (["192.0.2.1"], 7.5)
    assert (facts.resolver, facts.cnames) == ("192.0.2.53", ["edge.test"])
    assert observation.facts == other.facts


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("failure", FAILURES)
async def test_every_failure_returns(failure: Failure, stage: Stage) -> None:
    """Whatever fails, the probe returns it as facts."""
    observation, facts = await measured(Resolution("kernel", failure=failure, stage=stage, error="x"))
    assert (facts.failure, facts.stage, observation.error) == (failure, stage, "x")


async def test_more_than_the_wire_holds() -> None:
    """Hundreds of answers and endless names are cut to the wire's caps."""
    observation, facts = await measured(Resolution("kernel", ("192.0.2.1",) * 200, ("x" * 300,) * 50, "r" * 99))
    assert (len(observation.answers), len(facts.cnames), len(facts.cnames[0])) == (64, 32, 256)


async def test_dns_about_itself() -> None:
    """With the control target's lookup it is asked, with no other; whether nobody answered is a fact, which machine answered is not."""
    told = Told(answered_by_nobody=True, identity="fra1", version="x" * 300, resolver_egress="198.51.100.53")
    net = FakeNetwork({"a.test": Resolution("kernel", ("192.0.2.1",))}, told=told)
    seen = await dns.measure(TARGET, DIRECT, net, FakeClock())
    assert isinstance(seen.facts, DnsFacts)
    assert isinstance(seen.observation, DnsObservation)
    assert seen.facts.answered_by_nobody is True
    assert (seen.observation.identity, seen.observation.resolver_egress) == ("fra1", "198.51.100.53")
    other = await dns.measure(Target(host="a.test", category="Optimize", workload="Teams"), DIRECT, net, FakeClock())
    assert isinstance(other.facts, DnsFacts)
    assert other.facts.answered_by_nobody is None
