"""The `quic` probe: one HTTP/3 request to one of the target's addresses, each in its turn, and the chain shown there.

Devices that read TLS cannot read QUIC and so stop it; where they let it pass, it shows the far end's own chain beside TCP's. Which of it
it is, is not decided here.
"""

from typing import Final

from agent.network.net import Exchange, Network, Shaken
from agent.probes.destination import destination
from agent.probes.headers import MAX_FIELDS, stable
from agent.probes.measured import CycleClock, Measured, by_id, facts_id, present
from wire.codec import content_id
from wire.facts import QuicFacts
from wire.observation import QuicObservation
from wire.target import Route, Target

NAME: Final = "quic"
MAX_CHAIN = 16
"""The cap of `wire.facts.QuicFacts.chain`."""


async def measure(target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
    """Look the name up, make one request, have the captured chain checked; return how far it came, failures included."""
    at_us = clock.at_us()
    way = (await net.ways(target, route)).ways[0]
    where = await destination(target, route, net, clock.turn, way)
    found = where.resolution
    if where.address is None:
        seen = Shaken(found.clock, found.suspect, failure=found.failure or "dns_no_data", stage=found.stage or "dns", error=found.error)
    else:
        seen = await net.shake(Exchange(target, route, where.address, way=way))
    chain = seen.chain[:MAX_CHAIN]
    facts = QuicFacts(
        target=target,
        route=route.name,
        failure=seen.failure,
        stage=seen.stage,
        version=seen.version,
        alpn=seen.alpn,
        cipher=seen.cipher,
        chain=[content_id(der) for der in chain],
        trust=await net.check_chain(chain, target.host),
        headers=dict(list(stable(seen.headers).items())[:MAX_FIELDS]),
    )
    total_ms = None if seen.total_ms is None else round(seen.total_ms + (found.dns_ms or 0.0), 2)
    observation = QuicObservation(
        kind=NAME,
        facts=facts_id(facts),
        at_us=at_us,
        suspect=seen.suspect or found.suspect,
        clock=seen.clock,
        **present(
            address=where.shown,
            dns_ms=found.dns_ms,
            handshake_ms=seen.handshake_ms,
            first_byte_ms=seen.first_byte_ms,
            total_ms=total_ms,
            status=seen.status,
            error=seen.error,
        ),
    )
    return Measured(observation, facts, by_id(chain))
