"""The `path` probe: how far away whoever ends the target's TCP is, against a control port; and what the path lets through.

What the facts say: `ends_at` below `control_ends_at` means that the target's port is ended by somebody nearer than the server; `unroutable`
accepted, that somebody on the way accepts connections in anybody's name; a small `mss`, a tunnel; an option missing that the server offers,
that somebody rewrites handshakes. What follows is not decided here. Addresses inside the customer's own network never leave this machine.
"""

import ipaddress
from typing import Any, Final

from agent.network.net import Network, Traced
from agent.probes.destination import destination
from agent.probes.measured import CycleClock, Measured, facts_id, present
from wire.facts import PathFacts
from wire.observation import PathObservation
from wire.target import Route, Target

NAME: Final = "path"
MICROSOFT = 8075
"""The autonomous system that Microsoft 365 is announced from (Microsoft's peering documents; whois of 52.96.0.0/14)."""
MAX_HOPS = 64
"""The cap of `wire.observation.PathObservation`."""
PRIVATE = tuple(
    ipaddress.ip_network(prefix)
    for prefix in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # shared with the provider (RFC 6598): tells the customer's own line apart from others
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)


async def measure(target: Target, route: Route, net: Network, clock: CycleClock) -> Measured:
    """Look the name up and trace one of its addresses, each in its turn; return how far it came, failures included."""
    at_us = clock.at_us()
    way = (await net.ways(target, route)).ways[0]
    where = await destination(target, route, net, clock.turn, way)
    found = where.resolution
    if where.address is None:
        seen = Traced(found.clock, found.suspect, failure=found.failure or "dns_no_data", stage=found.stage or "dns", error=found.error)
    else:
        seen = await net.trace(target, where.address, way)
    facts = PathFacts(
        target=target,
        route=route.name,
        failure=seen.failure,
        stage=seen.stage,
        ends_at=seen.ends_at,
        control_port=seen.control_port,
        control_ends_at=seen.control_ends_at,
        unroutable=seen.unroutable,
        mss=seen.mss,
        sack=seen.sack,
        timestamps=seen.timestamps,
        scaling=seen.scaling,
        method=seen.method,
    )
    observation = PathObservation(
        kind=NAME,
        facts=facts_id(facts),
        at_us=at_us,
        suspect=seen.suspect or found.suspect,
        clock=seen.clock,
        hops=[shown(hop) for hop in seen.hops[:MAX_HOPS]],
        **present(address=where.shown, error=seen.error, **_times(seen), **microsoft(seen)),
    )
    return Measured(observation, facts)


def _times(seen: Traced) -> dict[str, Any]:
    return {
        "connect_ms": seen.connect_ms,
        "control_ms": seen.control_ms,
        "icmp_ms": seen.icmp_ms,
        "unroutable_ms": seen.unroutable_ms,
    }


def shown(hop: str) -> str:
    """Return a router's address as it is reported: `private` for one that is not the Internet's, empty for silence."""
    if not hop:
        return ""
    address = ipaddress.ip_address(hop.partition("%")[0])
    return "private" if any(address in prefix for prefix in PRIVATE) else str(address)


def microsoft(seen: Traced) -> dict[str, Any]:
    """Return the first hop that Microsoft announces, its round trip, and whether one network alone lies between (direct peering).

    The network before Microsoft's is then the one the line itself belongs to. Hops that nobody announces, exchange points among them, do
    not count. All None without lookups.
    """
    before: set[int] = set()
    for number, hop in enumerate(seen.hops, 1):
        origin = seen.origins.get(hop)
        if origin == MICROSOFT:
            direct = len(before) == 1 if before else None
            return {"microsoft_hop": number, "microsoft_ms": seen.hop_ms.get(hop), "direct_peering": direct}
        if origin is not None:
            before.add(origin)
    return {}
