"""The `websocket` probe: one upgrade (RFC 6455), a minute of silence, and a ping to see whether the connection outlived it.

An answer other than 101 is a fact and no failure: its status and stable headers are kept, whoever gave it. Copilot and co-authoring live on
connections that are silent for minutes.
"""

from typing import Any, Final

from agent.network.net import Exchange, Network, Upgraded
from agent.probes.destination import Destination, reach
from agent.probes.headers import MAX_FIELDS, stable
from agent.probes.measured import CycleClock, Measured, by_id, facts_id, present
from wire.codec import content_id
from wire.facts import WebsocketFacts
from wire.observation import WebsocketObservation
from wire.target import Route, Target

NAME: Final = "websocket"
MAX_CHAIN = 16
"""The cap of `wire.facts.WebsocketFacts.chain`."""


async def measure(target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
    """Look the name up, upgrade, wait, ping; return how far it came, failures included."""
    at_us = clock.at_us()
    reached = await reach(target, route, net, clock.turn, lambda address, way: net.upgrade(Exchange(target, route, address, way=way)))
    where = reached.where
    found, seen = where.resolution, reached.seen
    if seen is None:
        seen = Upgraded(found.clock, found.suspect, failure=found.failure or "dns_no_data", stage=found.stage or "dns", error=found.error)
    chain = seen.chain[:MAX_CHAIN]
    headers = stable(seen.headers) | stable(seen.proxy_headers, prefix="connect.")
    facts = WebsocketFacts(
        target=target,
        route=route.name,
        failure=seen.failure,
        stage=seen.stage,
        status=seen.status,
        upgraded=seen.upgraded,
        idle=seen.idle,
        tls=seen.tls,
        chain=[content_id(der) for der in chain],
        trust=await net.check_chain(chain, target.host),
        headers=dict(list(headers.items())[:MAX_FIELDS]),
        **reached.via(),
    )
    observation = WebsocketObservation(
        kind=NAME,
        facts=facts_id(facts),
        at_us=at_us,
        suspect=seen.suspect or found.suspect,
        clock=seen.clock,
        **_sample(where, seen),
    )
    return Measured(observation, facts, by_id(chain))


def _sample(where: Destination, seen: Upgraded) -> dict[str, Any]:
    return present(
        address=where.shown,
        dns_ms=where.resolution.dns_ms,
        connect_ms=seen.connect_ms,
        proxy_ms=seen.proxy_ms,
        tls_ms=seen.tls_ms,
        upgrade_ms=seen.upgrade_ms,
        ping_ms=seen.ping_ms,
        idle_s=seen.idle_s,
        error=seen.error,
    )
