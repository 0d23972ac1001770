"""The egress probe against a scripted network: what the reflector saw, and whoever answers in its place."""

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest

from agent.network.net import ALPN_HTTP1, Exchange, Fetched, Resolution
from agent.probes import egress
from tests.fakes.network import FakeClock, FakeNetwork
from wire.facts import EgressFacts
from wire.observation import EgressObservation
from wire.target import DIRECT, Route, Target
from wire.vocabulary import FAILURES, STAGES, Failure, Stage

TARGET = Target(host="reflector.test", path="/reflect", category="Control", workload="Control")
SENT = (("Host", "reflector.test"), ("X-mW-cAnArY", "one"), ("X-mW-cAnArY", "two"))
ANSWER = {"address": "198.51.100.7", "headers": ["Host: reflector.test", "X-Mw-Canary: one", "X-Forwarded-For: 10.1.2.3"]}


def served(answer: Any) -> Fetched:
    """Return an exchange whose body is this JSON."""
    return Fetched("kernel", connect_ms=5.0, total_ms=20.0, status=200, sent_headers=SENT, body=json.dumps(answer).encode())


async def measured(seen: Fetched, found: Resolution | None = None) -> tuple[EgressObservation, EgressFacts, FakeNetwork]:
    """Run the probe on one exchange."""
    net = FakeNetwork({"reflector.test": found or Resolution("kernel", ("192.0.2.1",), suspect=True)}, {TARGET.name: seen})
    result = await egress.measure(TARGET, DIRECT, net, FakeClock())
    assert isinstance(result.observation, EgressObservation)
    assert isinstance(result.facts, EgressFacts)
    return result.observation, result.facts, net


async def test_what_the_reflector_saw() -> None:
    """Address and names in order and case are facts; values stay behind, X-Forwarded-For names a machine."""
    observation, facts, net = await measured(served(ANSWER))
    assert (facts.address, facts.failure) == ("198.51.100.7", None)
    assert facts.sent_headers == ["Host", "X-mW-cAnArY", "X-mW-cAnArY"]
    assert facts.seen_headers == ["Host", "X-Mw-Canary", "X-Forwarded-For"]
    assert "10.1.2.3" not in facts.model_dump_json()
    assert (observation.connect_ms, observation.total_ms, observation.suspect) == (5.0, 20.0, True)
    assert net.exchanges[0].alpn == ALPN_HTTP1
    assert net.exchanges[0].headers == egress.CANARIES


@pytest.mark.parametrize(
    "answer",
    [None, 7, [], {}, {"address": "1.2.3.4"}, {"address": "here", "headers": []}, {"address": "1.2.3.4", "headers": 7}],
)
async def test_somebody_else_answers(answer: Any) -> None:
    """What is not the reflector's JSON is a failure of stage body, never an address."""
    observation, facts, _ = await measured(served(answer))
    assert (facts.failure, facts.stage, facts.address, facts.seen_headers) == ("http_protocol", "body", None, [])
    assert observation.error == "status 200, not the reflector's JSON"


async def test_a_page_answers() -> None:
    """A portal's page is no JSON."""
    _, facts, _ = await measured(Fetched("kernel", status=302, body=b"<html>"))
    assert (facts.failure, facts.stage) == ("http_protocol", "body")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("failure", FAILURES)
async def test_every_failure_returns(failure: Failure, stage: Stage) -> None:
    """Whatever fails wherever, in the lookup or after it, the probe returns it as facts."""
    for seen, found in (
        (Fetched("kernel", failure=failure, stage=stage, error="x"), None),
        (served(ANSWER), Resolution("kernel", failure=failure, stage=stage, error="x")),
    ):
        observation, facts, _ = await measured(seen, found)
        assert (facts.failure, facts.stage, observation.error) == (failure, stage, "x")


async def test_by_the_proxy() -> None:
    """On a proxied route the connection goes to the proxy and the reflector's name is not looked up."""
    net = FakeNetwork({}, {TARGET.name: served(ANSWER)})
    await egress.measure(TARGET, Route(name="office", kind="proxy", proxy="[2001:db8::8]:3128"), net, FakeClock())
    assert net.looked_up == ["2001:db8::8"]
    assert net.exchanges[0].address == "2001:db8::8"


NONCES = {**ANSWER, "asn": 64496, "as_name": "Example"}


@pytest.mark.parametrize(
    ("word", "same", "signed"), [("ok", True, "ok"), ("ok", False, "bad"), ("bad", True, "bad"), ("absent", True, "absent"), ("", True, "")]
)
async def test_signed_over_our_own_nonce(word: Literal["", "ok", "bad", "absent"], same: bool, signed: str) -> None:  # noqa: FBT001 - a table
    """A good signature counts over this request's nonce alone: an answer kept by a cache, or made for another, is bad."""

    @dataclass
    class Answering(FakeNetwork):
        async def fetch(self, request: Exchange) -> Fetched:
            nonce = (request.path or "").rpartition("nonce=")[2]
            answer = served(NONCES | {"nonce": nonce if same else "another"})
            return replace(answer, headers=(("X-Middlewatch-Signature", "c2ln"),))

    net = Answering({"reflector.test": Resolution("kernel", ("192.0.2.1",))}, signed=word, by_dns="198.51.100.8")
    facts = (await egress.measure(TARGET, DIRECT, net, FakeClock())).facts
    assert isinstance(facts, EgressFacts)
    assert (facts.signed, facts.asn, facts.as_name, facts.dns_address) == (signed, 64496, "Example", "198.51.100.8")
    host, statement, body, signature = net.answers[0]
    assert (host, signature) == ("reflector.test", "c2ln")
    assert b"nonce" not in statement
    assert b"nonce" in body


@pytest.mark.parametrize("asn", [-1, 2**32, "x", 1e400, None])
async def test_a_number_that_is_none(asn: Any) -> None:
    """An answer with a number no autonomous system has is not the reflector's."""
    _, facts, _ = await measured(served(ANSWER | {"asn": asn}))
    assert facts.failure == "http_protocol"


async def test_who_announces_it_by_dns() -> None:
    """Where the reflector has no table, and the plan a zone, DNS says it; what the reflector says counts first."""
    for answer, asn in ((ANSWER, 64500), (NONCES, 64496)):
        net = FakeNetwork(
            {"reflector.test": Resolution("kernel", ("192.0.2.1",))}, {TARGET.name: served(answer)}, origins={"198.51.100.7": 64500}
        )
        facts = (await egress.measure(TARGET, DIRECT, net, FakeClock())).facts
        assert isinstance(facts, EgressFacts)
        assert facts.asn == asn
