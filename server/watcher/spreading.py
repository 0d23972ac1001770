"""One cause at many places is one alert: products that run on endpoints, and devices newly seen at several sites. Pure.

A product on endpoints has a presence on each agent, which tells nothing, and one of the fleet (place `ENDPOINTS`), which is told: it
comes with the first machine and leaves with the last. It travels with its machine, so no site ever gets it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from server.watcher.devices import Standing, Told, expire

ENDPOINTS = "endpoints"
"""The place, and the scope of events, of what runs on machines of the fleet."""
FLEET = "fleet"
"""The scope of what concerns sites of several regions, or of none."""
NO_SITES = frozenset({"unassigned", "remote", ENDPOINTS, FLEET})
"""Places that are no site: nothing there has a baseline that another agent could compare with (`server/fleet/entries.py`)."""
SPREAD_SITES = 3
"""As many sites at which a device is new make one cause: two may be a coincidence of two projects."""
SPREAD_NS = 7 * 86_400 * 10**9
"""A roll-out takes days. A site that follows within a week of the last is part of it."""
_OPENING = frozenset({"appeared", "discovered", "returned"})


def fleet(
    before: Standing | None, told: Iterable[tuple[str, Told]], present: Collection[str], now_ns: int
) -> tuple[Standing | None, list[tuple[str, Told]]]:
    """Return the fleet's presence after what agents' presences told, and what of it is told, each with its agent.

    `present`: the agents that had it before. What agents told is taken in the order in which it happened, whoever was decided first.
    """
    found: list[tuple[str, Told]] = []
    standing, having = before, set(present)
    for agent, one in sorted(told, key=lambda pair: (pair[1].at_ns, pair[1].kind == "left", pair[0])):
        standing = _retired(standing, one.at_ns, agent, found)
        if one.kind in _OPENING:
            having.add(agent)
            if standing is None or standing.state != "present":
                episode = standing.episode + 1 if standing else 1
                kind = "returned" if standing is not None and standing.state == "absent" else one.kind
                since_ns = standing.since_ns if standing else one.since_ns
                found.append((agent, replace(one, kind=kind, episode=episode, since_ns=since_ns)))
                standing = Standing("present", episode, one.at_ns, one.at_ns)
        elif one.kind == "left":
            having.discard(agent)
            if not having and standing is not None and standing.state == "present":
                found.append((agent, replace(one, episode=standing.episode, since_ns=standing.since_ns)))
                standing = replace(standing, state="absent", since_ns=one.at_ns)
    return _retired(standing, now_ns, "", found), found


def _retired(standing: Standing | None, at_ns: int, agent: str, found: list[tuple[str, Told]]) -> Standing | None:
    if standing is None:
        return None
    told: list[Told] = []
    after = expire(standing, at_ns, told)
    found += [(agent, one) for one in told]
    return after


def spread_scope(places: Collection[str], regions: Mapping[str, str]) -> str:
    """Return what sites share: the name of their region, or the fleet. `regions` is site to region; empty is none."""
    named = {regions.get(place, "") for place in places}
    (one,) = named if len(named) == 1 else ("",)
    return one or FLEET


def is_spread(places: Collection[str]) -> bool:
    """Return whether a device that is new at these places has spread."""
    return len({place for place in places if place not in NO_SITES}) >= SPREAD_SITES


def scope_word(place: str) -> str:
    """Return in a word how far an event of a place reaches."""
    return {ENDPOINTS: "endpoint", FLEET: "tenant-wide"}.get(place, "remote" if place in NO_SITES else "site")
