"""When a site has another gateway: agents that stayed in one of its networks see another one there. Pure; `gateway_duty.py` asks.

Not for one roaming laptop: two agents must agree, or 30 % of those reporting if they were never anywhere else. A gateway somebody saw
there before is no news to the site, only to the newcomer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.fleet import zones
from server.watcher.devices import SITE_AGENTS, SITE_SHARE

RECENT_NS = 86_400 * 10**9
"""Agents that see the new gateway within a day of each other speak of one change: laptops come back the next morning."""


@dataclass(frozen=True, slots=True)
class Sight:
    """That an agent first saw a gateway (hashed) in a network of the site then. `roams`: it was at other places too."""

    agent: str
    network: str
    gateway: str
    first_ns: int
    roams: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A new gateway of one network, what stood there before, and who agrees since when."""

    network: str
    before: str
    gateway: str
    agents: tuple[str, ...]
    since_ns: int


def changes_of(sights: Iterable[Sight], reporting: int, now_ns: int) -> list[Change]:
    """Return what has changed within a day at one site with so many reporting agents, in the order it began."""
    networks: dict[str, list[Sight]] = {}
    for one in sorted(sights, key=lambda one: (one.first_ns, one.gateway, one.agent)):
        networks.setdefault(one.network, []).append(one)
    found = [change for mine in networks.values() for change in _of_network(mine, reporting, now_ns)]
    return sorted(found, key=lambda one: (one.since_ns, one.network, one.gateway))


def _of_network(sights: Sequence[Sight], reporting: int, now_ns: int) -> list[Change]:
    first: dict[str, Sight] = {}
    last: dict[str, str] = {}
    voices: dict[str, list[Sight]] = {}
    before: dict[str, str] = {}
    for one in sights:
        first.setdefault(one.gateway, one)
        if one.agent in last and first[one.gateway].first_ns >= now_ns - RECENT_NS:
            voices.setdefault(one.gateway, []).append(one)
            before.setdefault(one.gateway, last[one.agent])
        last[one.agent] = one.gateway
    return [
        Change(mine[0].network, before[gateway], gateway, tuple(sorted({one.agent for one in mine})), mine[0].first_ns)
        for gateway, mine in voices.items()
        if _agree(mine, reporting)
    ]


def _agree(voices: Sequence[Sight], reporting: int) -> bool:
    settled = {one.agent for one in voices if not one.roams}
    return len({one.agent for one in voices}) >= SITE_AGENTS or (bool(settled) and len(settled) >= SITE_SHARE * reporting)


def sentence(site: str, change: Change, reporting: int, zone: str) -> str:
    """Return the change as a person reads it."""
    moment = zones.at(change.since_ns, zone)
    agree = f"{len(change.agents)} of {max(reporting, len(change.agents))} agents agree"
    when = f"since {moment:%Y-%m-%d %H:%M} ({zones.offset(moment)})"
    return (
        f"{site}: network {change.network} has another gateway. {agree}, {when}. For: the network team (LAN or WAN), if nobody expected it."
    )
