"""Where a probe's connection goes and by which way: to the target's own address, or to a proxy's. No probe's own matter lives here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from agent.network.net import Network, Resolution
from agent.network.way import DIRECT_WAY, Way, Ways, planned
from wire.target import Route, Target
from wire.vocabulary import Failure, Stage

_PROXY_GONE = frozenset({"closed", "reset", "timeout", "tls_alert", "tls_protocol"})
"""Failures of stage `proxy` after which the next way is tried, as browsers do: the proxy is not there, it did not refuse."""


@dataclass(frozen=True, slots=True)
class Destination:
    """`address` is None when the lookup failed. `shown` is the target's address: unknown when a proxy resolves it."""

    resolution: Resolution
    address: str | None
    shown: str | None
    way: Way = DIRECT_WAY


class Outcome(Protocol):
    """What came of an attempt, as far as it matters here."""

    @property
    def failure(self) -> Failure | None:
        """Return how it failed."""
        ...

    @property
    def stage(self) -> Stage | None:
        """Return where it failed."""
        ...


Seen = TypeVar("Seen", bound=Outcome)


@dataclass(frozen=True, slots=True)
class Reached(Generic[Seen]):
    """The last way tried, what came of it (None: its lookup failed), and all the ways there were."""

    where: Destination
    seen: Seen | None
    ways: Ways

    def via(self) -> dict[str, str]:
        """Return `via` and `via_source` of the facts; nothing on a direct route, where there was no choice."""
        return {"via": self.where.way.name[:256], "via_source": self.ways.origin} if self.ways.origin else {}


async def destination(target: Target, route: Route, net: Network, turn: int, way: Way | None = None) -> Destination:
    """Look up whom to connect to and take the turn-th address in sorted order: each gets its turn whatever order a resolver gives.

    On a proxied way the target's name is never looked up here: the proxy does that, and its answer may be another. From an own address
    only addresses of its family can be reached.
    """
    way = way or planned(route)
    resolution = await net.resolve(way.host if way.proxied else target.host)
    answers = sorted(resolution.answers)
    if way.kind == "source":
        answers = [answer for answer in answers if way.local_for(answer)] or answers
    address = answers[turn % len(answers)] if answers else None
    return Destination(resolution, address, None if way.proxied else address, way)


async def reach(target: Target, route: Route, net: Network, turn: int, attempt: Callable[[str, Way], Awaitable[Seen]]) -> Reached[Seen]:
    """Try the route's ways in order until one is there, as browsers do; `attempt` is made of an address and a way."""
    ways = await net.ways(target, route)
    for way in ways.ways:
        where = await destination(target, route, net, turn, way)
        seen = None if where.address is None else await attempt(where.address, way)
        if not _gone(way, seen):
            break
    return Reached(where, seen, ways)


def _gone(way: Way, seen: Outcome | None) -> bool:
    """Return whether the way itself is not there, so that the next one is to be tried."""
    if seen is None or seen.stage == "connect":
        return True
    return way.kind == "unsupported" or (way.proxied and seen.stage == "proxy" and seen.failure in _PROXY_GONE)
