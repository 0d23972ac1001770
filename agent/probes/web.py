"""The `web` probe: one staged HTTPS request to one of the target's addresses, each in its turn. What it means is not decided here."""

from typing import Any, Final

from agent.markers import page_of
from agent.network.net import Exchange, Fetched, Network
from agent.probes.destination import Destination, Reached, reach
from agent.probes.headers import MAX_FIELDS, front_door, sharepoint, stable
from agent.probes.measured import CycleClock, Measured, by_id, facts_id, present
from wire.codec import content_id
from wire.facts import ChainTrust, WebFacts
from wire.observation import WebObservation
from wire.target import Route, Target

NAME: Final = "web"
MAX_CHAIN = 16
"""The cap of `wire.facts.WebFacts.chain`."""


async def measure(target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
    """Look the name up, make one request, have the captured chain checked; return how far it came, failures included."""
    at_us = clock.at_us()
    reached = await reach(target, route, net, clock.turn, lambda address, way: net.fetch(Exchange(target, route, address, way=way)))
    where, seen = reached.where, reached.seen
    if seen is None:
        return _not_found(target, route, reached, at_us)
    chain = seen.chain[:MAX_CHAIN]
    trust = await net.check_chain(chain, target.host)
    page, page_hash = _page(target, seen, trust)
    facts = WebFacts(
        target=target,
        route=route.name,
        failure=seen.failure,
        stage=seen.stage,
        tls=seen.tls,
        cipher=seen.cipher,
        alpn=seen.alpn,
        http=seen.http,
        chain=[content_id(der) for der in chain],
        trust=trust,
        headers=_headers(seen),
        page=page,
        page_hash=page_hash,
        **reached.via(),
    )
    return Measured(_observation(facts, where, seen, at_us), facts, by_id(chain))


def _not_found(target: Target, route: Route, reached: Reached[Fetched], at_us: int) -> Measured:
    found = reached.where.resolution
    failure, stage = found.failure or "dns_no_data", found.stage or "dns"
    facts = WebFacts(target=target, route=route.name, failure=failure, stage=stage, **reached.via())
    seen = WebObservation(
        kind=NAME,
        facts=facts_id(facts),
        at_us=at_us,
        suspect=found.suspect,
        clock=found.clock,
        **present(dns_ms=found.dns_ms, error=found.error),
    )
    return Measured(seen, facts)


def _page(target: Target, seen: Fetched, trust: ChainTrust | None) -> tuple[list[str], str]:
    """Return whose page it is, where anybody but the server could have answered: on HTTP, and where public roots do not trust."""
    own = target.protocol != "http" and trust is not None and trust.public == "trusted"
    if own or seen.status is None:
        return [], ""
    return page_of(seen.body, {name.lower(): value for name, value in reversed(seen.headers)})


def _headers(seen: Fetched) -> dict[str, str]:
    """Join what the far end said with what the proxy said to CONNECT, the latter under `connect.`."""
    both = stable(seen.headers) | stable(seen.proxy_headers, prefix="connect.")
    return dict(list(both.items())[:MAX_FIELDS])


def _observation(facts: WebFacts, where: Destination, seen: Fetched, at_us: int) -> WebObservation:
    dns_ms = where.resolution.dns_ms
    times: dict[str, Any] = present(
        dns_ms=dns_ms,
        connect_ms=seen.connect_ms,
        proxy_ms=seen.proxy_ms,
        tls_ms=seen.tls_ms,
        first_byte_ms=seen.first_byte_ms,
        body_ms=seen.body_ms,
        total_ms=None if seen.total_ms is None else round(seen.total_ms + (dns_ms or 0.0), 2),
        unaccounted_ms=seen.unaccounted_ms,
    )
    server_ms, health_score = sharepoint(seen.headers)
    rest = present(
        server_ms=server_ms,
        health_score=health_score,
        throughput_mbps=seen.throughput_mbps,
        bloat_ms=seen.bloat_ms,
        address=where.shown,
        status=seen.status,
        body_bytes=seen.body_bytes,
        front_door=front_door(seen.headers),
        error=seen.error,
    )
    return WebObservation(
        kind=NAME,
        facts=facts_id(facts),
        at_us=at_us,
        suspect=seen.suspect or where.resolution.suspect,
        clock=seen.clock,
        **times,
        **rest,
    )
