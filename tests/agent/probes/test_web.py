"""The web probe against a scripted network: every failure returns, and what is stable is facts."""

from dataclasses import replace

import pytest

from agent.network.net import Fetched, Resolution
from agent.network.way import Ways, ways_of
from agent.probes import web
from tests.fakes.network import FakeClock, FakeNetwork
from wire.codec import content_id
from wire.facts import ChainTrust, WebFacts
from wire.observation import WebObservation
from wire.target import DIRECT, SYSTEM, Route, Target
from wire.vocabulary import FAILURES, STAGES, Failure, Stage

TARGET = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")
PROXY = Route(name="office", kind="proxy", proxy="proxy.test:3128")
FOUND = Resolution("kernel", answers=("192.0.2.2", "192.0.2.1"), resolver="192.0.2.53", dns_ms=4.0)
TRUST = ChainTrust(os="trusted", public="no_root")
SEEN = Fetched(
    "kernel",
    connect_ms=10.0,
    tls_ms=20.0,
    first_byte_ms=30.0,
    body_ms=1.0,
    total_ms=62.5,
    unaccounted_ms=1.5,
    tls="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    alpn="h2",
    http="HTTP/2",
    chain=(b"leaf", b"intermediate", b"intermediate"),
    status=200,
    headers=(("server", "Microsoft-IIS/10.0"), ("request-id", "1"), ("x-firsthopcafeefz", "AMS")),
    body_bytes=9,
)


def network(seen: Fetched = SEEN, found: Resolution = FOUND) -> FakeNetwork:
    """Return a network where the target answers as told."""
    return FakeNetwork({TARGET.host: found, "proxy.test": found}, {TARGET.name: seen}, TRUST)


async def measured(net: FakeNetwork, route: Route = DIRECT, turn: int = 0) -> tuple[WebObservation, WebFacts]:
    """Run the probe; hold what is true of every result."""
    result = await web.measure(TARGET, route, net, FakeClock(turn))
    assert isinstance(result.observation, WebObservation)
    assert isinstance(result.facts, WebFacts)
    assert set(result.facts.chain) == set(result.certificates)
    assert result.observation.at_us == 1_500
    return result.observation, result.facts


async def test_all_that_was_seen() -> None:
    """Times and address are sample; protocol, chain as sent, trust and stable headers are facts."""
    net = network()
    observation, facts = await measured(net)
    assert (observation.dns_ms, observation.total_ms, observation.unaccounted_ms) == (4.0, 66.5, 1.5)
    assert (observation.address, observation.status, observation.front_door) == ("192.0.2.1", 200, "AMS")
    assert facts.chain == [content_id(b"leaf"), content_id(b"intermediate"), content_id(b"intermediate")]
    assert (facts.tls, facts.alpn, facts.http, facts.trust) == ("TLSv1.3", "h2", "HTTP/2", TRUST)
    assert facts.headers == {"server": "Microsoft-IIS/10.0"}
    assert net.checked == [(SEEN.chain, TARGET.host)]


async def test_every_address_gets_its_turn() -> None:
    """Addresses are taken in sorted order by the cycle's number, whatever order the resolver gives."""
    net = network()
    addresses = [(await measured(net, turn=turn))[0].address for turn in range(4)]
    assert addresses == ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"]


async def test_facts_are_stable() -> None:
    """Another address, other times and another request id leave the facts' id as it was."""
    other = replace(SEEN, connect_ms=99.0, suspect=True, headers=(("request-id", "2"), ("x-firsthopcafeefz", "DUB"), SEEN.headers[0]))
    first, facts = await measured(network())
    second, _ = await measured(network(other), turn=1)
    assert first.facts == second.facts
    assert second.suspect
    assert facts.failure is None


async def test_a_proxy_resolves_the_target() -> None:
    """On a proxied route only the proxy's name is looked up, and the target's address stays unknown."""
    net = network(
        Fetched("kernel", failure="proxy_denied", stage="proxy", proxy_status=403, proxy_headers=(("Via", "1.1 box (squid/6.1)"),))
    )
    observation, facts = await measured(net, PROXY)
    assert net.looked_up == ["proxy.test"]
    assert observation.address is None
    assert (facts.failure, facts.route, facts.headers) == ("proxy_denied", "office", {"connect.via": "1.1 box (squid/6.1)"})


async def test_the_way_really_taken_is_a_fact() -> None:
    """On the system route the facts say which way was taken and who said so, also when the lookup failed; a direct route says nothing."""
    net = network()
    net.system = Ways(ways_of("PROXY gone.test:1; DIRECT"), "pac")
    observation, facts = await measured(net, SYSTEM)
    assert (facts.via, facts.via_source, observation.address) == ("direct", "pac", "192.0.2.1")
    assert net.looked_up == ["gone.test", TARGET.host]
    net.system = Ways(ways_of("PROXY gone.test:1"), "environment")
    _, facts = await measured(net, SYSTEM)
    assert (facts.via, facts.via_source, facts.failure) == ("proxy gone.test:1", "environment", "dns_nxdomain")
    _, facts = await measured(net)
    assert (facts.via, facts.via_source) == (None, None)


async def test_password_demanded() -> None:
    """A proxy that demands a password is a failure of its own, and the schemes it named are kept."""
    answer = (("Proxy-Authenticate", "Negotiate"), ("Proxy-Authenticate", 'Basic realm="office"'))
    net = network(Fetched("kernel", failure="proxy_auth", stage="proxy", proxy_status=407, proxy_headers=answer))
    _, facts = await measured(net, PROXY)
    assert (facts.failure, facts.stage, facts.via) == ("proxy_auth", "proxy", "proxy proxy.test:3128")
    assert facts.headers == {"connect.proxy-authenticate": 'Negotiate, Basic realm="office"'}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("failure", FAILURES)
async def test_every_failure_returns(failure: Failure, stage: Stage) -> None:
    """Whatever fails wherever, in the lookup or after it, the probe returns it as facts."""
    for net in (
        network(Fetched("kernel", failure=failure, stage=stage, error="x")),
        network(found=Resolution("kernel", failure=failure, stage=stage, error="x")),
    ):
        observation, facts = await measured(net)
        assert (facts.failure, facts.stage, observation.error) == (failure, stage, "x")


async def test_endless_chain() -> None:
    """A chain beyond the wire's cap is cut there."""
    observation, facts = await measured(network(Fetched("kernel", chain=tuple(bytes([n]) for n in range(40)))))
    assert len(facts.chain) == web.MAX_CHAIN
    assert observation.total_ms is None


BLOCKED = replace(SEEN, status=403, body=b"<h1>Web Page Blocked</h1>", headers=(("Server", "x"),))


async def test_whose_page_it_is() -> None:
    """A block page's mark and hash are facts where public roots do not trust; the page itself is not kept."""
    _, facts = await measured(network(BLOCKED))
    assert (facts.page, len(facts.page_hash)) == (["palo-alto-body"], 22)
    assert "Blocked" not in facts.model_dump_json()


async def test_a_servers_own_page_is_nobodys() -> None:
    """Under a certificate public roots trust a page is the server's, whatever words are in it."""
    net = FakeNetwork({TARGET.host: FOUND}, {TARGET.name: BLOCKED}, ChainTrust(os="trusted", public="trusted"))
    _, facts = await measured(net)
    assert (facts.page, facts.page_hash) == ([], "")


async def test_plain_http() -> None:
    """On port 80 the page is looked at, a redirect's host is kept and not followed."""
    plain = TARGET.model_copy(update={"port": 80, "protocol": "http"})
    answer = replace(SEEN, chain=(), tls=None, status=302, headers=(("Location", "http://192.0.2.9/php/urlblock.php?args=AAA"),))
    net = FakeNetwork({TARGET.host: FOUND}, {plain.name: answer})
    facts = (await web.measure(plain, DIRECT, net, FakeClock())).facts
    assert isinstance(facts, WebFacts)
    assert (facts.headers, facts.page) == ({"location": "192.0.2.9"}, ["palo-alto-location"])
    assert len(net.exchanges) == 1


async def test_numbers_of_its_own() -> None:
    """SharePoint's times and a download's speed are sample."""
    seen = replace(SEEN, headers=(("SPIisLatency", "7"), ("X-SharePointHealthScore", "3")), throughput_mbps=80.5, bloat_ms=9.0)
    observation, _ = await measured(network(seen))
    assert (observation.server_ms, observation.health_score) == (7.0, 3)
    assert (observation.throughput_mbps, observation.bloat_ms) == (80.5, 9.0)


async def test_every_address_of_both_versions_with_the_right_name() -> None:
    """IPv4 and IPv6 addresses get their turn one after another, each asked for the target's own name; one request a turn and no more."""
    found = replace(FOUND, answers=("52.97.1.2", "52.97.1.18", "2603:1026::2", "2603:1026::3"))
    net = network(found=found)
    for turn in range(8):
        await measured(net, turn=turn)
    assert [one.address for one in net.exchanges] == ["2603:1026::2", "2603:1026::3", "52.97.1.18", "52.97.1.2"] * 2
    assert {one.sni or one.target.host for one in net.exchanges} == {TARGET.host}
