"""By which way a site leaves, from its agents' ways: which one counts, whether it moved, how far, and what stands there. Pure.

An identity is the customer's named range, else who runs the network, else what the agents' ways say (AS number or prefix): addresses that
rotate within one of them are one way out. A site keeps its way while 30 % of its agents still use it, so split traffic does not flap.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from judge.egress_truth import Claim, DeclaredEgress, EgressTruth, Point, address_claim, egress_truth, front_door_claim
from judge.knowledge.model import Knowledge
from server.collector.ways import STEADY_ROUNDS, Way
from server.fleet.registry import Place, Registry, distance_km
from server.watcher.devices import SITE_SHARE
from server.watcher.steady import Word

MAJORITY: Final = 0.5
RAISING: Final = frozenset({"security", "cloud", "microsoft", "content"})
"""Kinds of networks (`judge/knowledge/networks.py`) no site stands in: somebody runs something there that takes the traffic."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """One way out, or one front door. `id` makes it another one; `address` is the newest of it when it was first believed."""

    id: str
    address: str
    name: str = ""
    owner: str = ""
    kind: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def place(self) -> Place | None:
        """Return where it lies, as far as the customer or Microsoft's list says."""
        return None if self.latitude is None or self.longitude is None else Place(self.latitude, self.longitude)

    @property
    def text(self) -> str:
        """Return it as people call it."""
        known = self.name or self.owner
        return f"{known} ({self.address})" if known and self.address != known else known or self.address

    def dump(self) -> str:
        """Return it as a word of the site."""
        plain = {name: value for name in self.__slots__ if (value := getattr(self, name)) not in {"", None}}
        return json.dumps(plain, sort_keys=True, ensure_ascii=False)


def read(value: str) -> Leaving:
    """Return what `dump` wrote."""
    plain: dict[str, Any] = json.loads(value)
    return Leaving(**plain)


def egress_of(way: Way, site: str, registry: Registry, knowledge: Knowledge) -> Leaving:
    """Return the way out an agent's way is."""
    network = knowledge.networks.of(way.seen, way.asn or None)
    owner = network.owner if network else way.network
    kind = network.kind if network else ""
    declared = registry.egress_of(way.seen)
    if declared is not None:
        return Leaving(f"range {declared.name}", way.seen, declared.name, owner, kind, declared.place.latitude, declared.place.longitude)
    home = registry.sites.get(site)
    if circuit := home.circuit_of(way.seen) if home else "":
        return Leaving(f"circuit {circuit}", way.seen, circuit, owner, kind)
    return Leaving(f"network {network.id}" if network else way.value, way.seen, "", owner, kind)


def front_door_of(way: Way, knowledge: Knowledge) -> Leaving:
    """Return the front door an agent's way leads to: its city, for one city has several codes."""
    place = knowledge.front_door(way.value)
    if place is None:
        return Leaving(way.value, way.seen)
    return Leaving(place.city, way.seen, place.city, latitude=place.latitude, longitude=place.longitude)


def majority(voices: Sequence[Leaving], of: int, before: Word | None) -> tuple[str | None, int]:
    """Return what a site's agents say, as a word, and how many say so; None when they say nothing together.

    `of`: how many there are, with those that have just changed and are not sure yet.
    """
    if not voices:
        return None, 0
    counts: dict[str, int] = {}
    for one in voices:
        counts[one.id] = counts.get(one.id, 0) + 1
    held = read(before.value) if before else None
    if held is not None and counts.get(held.id, 0) >= SITE_SHARE * of and before is not None:
        return before.value, counts[held.id]
    top = max(counts, key=lambda one: (counts[one], one))
    if counts[top] < MAJORITY * of:
        return None, counts[top]
    if before is not None and before.next and read(before.next).id == top:
        return before.next, counts[top]  # its address as it was when it was first seen
    return next(one for one in voices if one.id == top).dump(), counts[top]


def taken(ways: Mapping[str, Mapping[str, Way]], kind: str, place: str) -> list[Way]:
    """Return the ways of one kind that agents take at this place. `ways`: of each agent that is heard there, by kind."""
    return [mine[kind] for _, mine in sorted(ways.items()) if kind in mine and mine[kind].place == place]


def steady(ways: Sequence[Way]) -> list[Way]:
    """Return those that were taken twice at least."""
    return [one for one in ways if one.rounds >= STEADY_ROUNDS]


@dataclass(frozen=True, slots=True)
class Move:
    """How far a site's way out is from it now and from where it was before, in km; None where a place is not known."""

    from_site_km: float | None
    from_before_km: float | None

    def far(self, limit_km: float) -> bool:
        """Return whether either is over the limit (500 miles, Microsoft's rule of the backhauled egress)."""
        return any(km is not None and km > limit_km for km in (self.from_site_km, self.from_before_km))


def move_of(before: Leaving, after: Leaving, home: Place | None) -> Move:
    """Return how far a move went."""

    def between(one: Place | None, other: Place | None) -> float | None:
        return distance_km(one, other) if one is not None and other is not None else None

    return Move(between(home, after.place), between(before.place, after.place))


def truth_of(ways: Mapping[str, Sequence[Way]], home: Place | None, name: str, registry: Registry, knowledge: Knowledge) -> EgressTruth:
    """Return what the ways to learn the egress say together. `ways`: steady ones by kind; of each kind the newest speaks."""
    claims: list[Claim] = []
    for kind, source in (("egress", "reflector"), ("dns", "resolver"), ("relay", "relay")):
        if mine := ways.get(kind):
            newest = max(mine, key=lambda one: one.since_ns)
            found = registry.egress_of(newest.seen)
            declared = [DeclaredEgress(found.prefix, Point(found.place.latitude, found.place.longitude, found.name))] if found else []
            claims.append(address_claim(source, newest.seen, knowledge, declared, asn=newest.asn or None))  # type: ignore[arg-type]
    if mine := ways.get("front-door"):
        claims.append(front_door_claim(max(mine, key=lambda one: one.since_ns).value, knowledge))
    site = None if home is None else Point(home.latitude, home.longitude, name)
    return egress_truth(claims, site, knowledge)
