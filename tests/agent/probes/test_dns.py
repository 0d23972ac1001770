"""The dns probe against a scripted network."""

import pytest

from agent.network.net import Resolution
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
