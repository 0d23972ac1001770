"""The quic probe against a scripted network: every failure returns, and what is stable is facts."""

from dataclasses import replace

import pytest

from agent.network.net import Resolution, Shaken
from agent.probes import quic
from tests.fakes.network import FakeClock, FakeNetwork
from wire.codec import content_id
from wire.facts import ChainTrust, QuicFacts
from wire.observation import QuicObservation
from wire.target import DIRECT, Target
from wire.vocabulary import FAILURES, STAGES, Failure, Stage

TARGET = Target(host="outlook.office365.com", protocol="quic", category="Optimize", workload="Exchange")
FOUND = Resolution("kernel", answers=("192.0.2.2", "192.0.2.1"), resolver="192.0.2.53", dns_ms=4.0)
TRUST = ChainTrust(os="trusted", public="trusted")
SEEN = Shaken(
    "kernel",
    handshake_ms=20.0,
    first_byte_ms=10.0,
    total_ms=30.5,
    version="0x00000001",
    cipher="TLS_AES_256_GCM_SHA384",
    alpn="h3",
    chain=(b"leaf", b"intermediate"),
    status=302,
    headers=(("server", "Microsoft-HTTPAPI/2.0"), ("request-id", "1"), ("alt-svc", 'h3=":443"')),
)


async def measured(
    seen: Shaken = SEEN, found: Resolution = FOUND, turn: int = 0
) -> tuple[QuicObservation, QuicFacts, dict[str, bytes], FakeNetwork]:
    """Run the probe."""
    net = FakeNetwork({TARGET.host: found}, trust=TRUST, shaken={TARGET.name: seen})
    result = await quic.measure(TARGET, DIRECT, net, FakeClock(turn))
    assert isinstance(result.observation, QuicObservation)
    assert isinstance(result.facts, QuicFacts)
    return result.observation, result.facts, dict(result.certificates), net


async def test_all_that_was_seen() -> None:
    """Times, status and address are sample; version, ALPN, cipher, chain, trust and stable headers are facts."""
    seen, facts, certificates, net = await measured()
    assert (seen.dns_ms, seen.handshake_ms, seen.first_byte_ms, seen.total_ms, seen.status) == (4.0, 20.0, 10.0, 34.5, 302)
    assert seen.address == "192.0.2.1"
    assert (facts.version, facts.alpn, facts.cipher, facts.trust) == ("0x00000001", "h3", "TLS_AES_256_GCM_SHA384", TRUST)
    assert facts.chain == [content_id(b"leaf"), content_id(b"intermediate")] == list(certificates)
    assert facts.headers == {"server": "Microsoft-HTTPAPI/2.0", "alt-svc": 'h3=":443"'}
    assert net.checked == [(SEEN.chain, TARGET.host)]


async def test_facts_are_stable() -> None:
    """Another address, other times and another request id leave the facts' id as it was."""
    first, *_ = await measured()
    second, *_ = await measured(replace(SEEN, handshake_ms=99.0, suspect=True, headers=(("request-id", "2"), *SEEN.headers)), turn=1)
    assert (first.facts, first.address, second.address) == (second.facts, "192.0.2.1", "192.0.2.2")
    assert second.suspect


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("failure", FAILURES)
async def test_every_failure_returns(failure: Failure, stage: Stage) -> None:
    """Whatever fails wherever, in the lookup or after it, the probe returns it as facts."""
    for seen, found in (
        (Shaken("kernel", failure=failure, stage=stage, error="x"), FOUND),
        (SEEN, Resolution("kernel", failure=failure, stage=stage, error="x")),
    ):
        observation, facts, *_ = await measured(seen, found)
        assert (facts.failure, facts.stage, observation.error) == (failure, stage, "x")


async def test_endless_chain() -> None:
    """A chain beyond the wire's cap is cut there."""
    _, facts, *_ = await measured(Shaken("kernel", chain=tuple(bytes([n]) for n in range(40))))
    assert len(facts.chain) == quic.MAX_CHAIN
