"""The websocket probe against a scripted network: every failure returns, other answers are facts, and what is stable is facts."""

from dataclasses import replace

import pytest

from agent.network.net import Resolution, Upgraded
from agent.probes import websocket
from tests.fakes.network import FakeClock, FakeNetwork
from wire.codec import content_id
from wire.facts import ChainTrust, WebsocketFacts
from wire.observation import WebsocketObservation
from wire.target import DIRECT, Route, Target
from wire.vocabulary import FAILURES, STAGES, Failure, Stage

TARGET = Target(host="substrate.office.com", protocol="wss", category="Default", workload="Common", path="/m365Copilot/")
PROXY = Route(name="office", kind="proxy", proxy="proxy.test:3128")
FOUND = Resolution("kernel", answers=("192.0.2.1",), resolver="192.0.2.53", dns_ms=4.0)
TRUST = ChainTrust(os="trusted", public="no_root")
SEEN = Upgraded(
    "kernel",
    connect_ms=10.0,
    tls_ms=20.0,
    upgrade_ms=30.0,
    ping_ms=9.0,
    tls="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    alpn="http/1.1",
    chain=(b"leaf",),
    status=101,
    headers=(("Upgrade", "websocket"), ("Server", "Microsoft-IIS/10.0"), ("request-id", "1")),
    upgraded=True,
    idle="alive",
    idle_s=60.0,
)


async def measured(
    seen: Upgraded = SEEN, found: Resolution = FOUND, route: Route = DIRECT
) -> tuple[WebsocketObservation, WebsocketFacts, FakeNetwork]:
    """Run the probe."""
    net = FakeNetwork({TARGET.host: found, "proxy.test": found}, trust=TRUST, upgraded={TARGET.name: seen})
    result = await websocket.measure(TARGET, route, net, FakeClock())
    assert isinstance(result.observation, WebsocketObservation)
    assert isinstance(result.facts, WebsocketFacts)
    assert set(result.facts.chain) == set(result.certificates)
    return result.observation, result.facts, net


async def test_all_that_was_seen() -> None:
    """Times and address are sample; status, what became of the silence, chain, trust and stable headers are facts."""
    seen, facts, net = await measured()
    assert (seen.dns_ms, seen.connect_ms, seen.tls_ms, seen.upgrade_ms, seen.ping_ms, seen.idle_s) == (4.0, 10.0, 20.0, 30.0, 9.0, 60.0)
    assert (seen.address, facts.status, facts.upgraded, facts.idle, facts.tls) == ("192.0.2.1", 101, True, "alive", "TLSv1.3")
    assert (facts.chain, facts.trust) == ([content_id(b"leaf")], TRUST)
    assert facts.headers == {"server": "Microsoft-IIS/10.0"}
    assert net.checked == [(SEEN.chain, TARGET.host)]


async def test_another_answer_is_no_failure() -> None:
    """A refused upgrade is a status and whose it is; the id of the facts is not that of an upgrade."""
    refused = replace(SEEN, status=403, upgraded=False, idle="", idle_s=None, ping_ms=None, headers=(("Via", "1.1 gate (squid/5.7)"),))
    seen, facts, _ = await measured(refused)
    assert (facts.status, facts.upgraded, facts.failure, facts.headers) == (403, False, None, {"via": "1.1 gate (squid/5.7)"})
    assert (seen.ping_ms, seen.idle_s) == (None, None)
    assert seen.facts != (await measured())[0].facts


async def test_through_a_proxy() -> None:
    """On a proxied route only the proxy's name is looked up; what it said to CONNECT is kept apart."""
    denied = Upgraded("kernel", failure="proxy_denied", stage="proxy", proxy_status=403, proxy_headers=(("Server", "squid/5.7"),))
    seen, facts, net = await measured(denied, route=PROXY)
    assert net.looked_up == ["proxy.test"]
    assert (seen.address, facts.failure, facts.route, facts.headers) == (None, "proxy_denied", "office", {"connect.server": "squid/5.7"})
    assert (facts.via, facts.via_source) == ("proxy proxy.test:3128", "plan")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("failure", FAILURES)
async def test_every_failure_returns(failure: Failure, stage: Stage) -> None:
    """Whatever fails wherever, in the lookup or after it, the probe returns it as facts."""
    for one, found in (
        (Upgraded("kernel", failure=failure, stage=stage, error="x"), FOUND),
        (SEEN, Resolution("kernel", failure=failure, stage=stage, error="x")),
    ):
        seen, facts, _ = await measured(one, found)
        assert (facts.failure, facts.stage, seen.error) == (failure, stage, "x")
