"""Where a probe's connection goes: the target's own address, or the proxy's of its route. No probe's own matter lives here."""

from dataclasses import dataclass

from agent.network.net import Network, Resolution
from wire.target import Route, Target


@dataclass(frozen=True, slots=True)
class Destination:
    """`address` is None when the lookup failed. `shown` is the target's address: unknown when a proxy resolves it."""

    resolution: Resolution
    address: str | None
    shown: str | None


async def destination(target: Target, route: Route, net: Network, turn: int) -> Destination:
    """Look up whom to connect to and take the turn-th address in sorted order: each gets its turn whatever order a resolver gives.

    On a proxied route the target's name is never looked up here: the proxy does that, and its answer may be another.
    """
    proxied = route.kind == "proxy"
    host = proxy_host(route) if proxied else target.host
    resolution = await net.resolve(host)
    answers = sorted(resolution.answers)
    address = answers[turn % len(answers)] if answers else None
    return Destination(resolution, address, None if proxied else address)


def proxy_host(route: Route) -> str:
    """Return the host of a proxied route's `host:port`, without the brackets of an IPv6 address."""
    return (route.proxy or "").rpartition(":")[0].strip("[]")
