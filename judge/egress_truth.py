"""Where traffic really leaves: what the reflector, the resolver, the front door and the media relay each say, held against distance. Pure.

Every claim keeps its own words: places come from front-door codes, from the ways out a customer declares, or from a database that is named
as such; the round trip bounds how far a place can be. Agreement or disagreement is reported, never resolved by a database of addresses.
An egress inside a cloud raises the question who runs what stands there; it clears nothing. Split egress by destination is legitimate.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from judge.distance import great_circle_km, rtt_bound_km, rtt_floor_ms
from judge.knowledge.assessment import ThresholdId
from judge.knowledge.model import Knowledge
from judge.knowledge.networks import Network

Source = Literal["reflector", "resolver", "front-door", "relay"]
Basis = Literal["declared", "front-door", "database", "unknown"]
Agreement = Literal["agree", "disagree", "single", "nothing"]
What = Literal["egress", "proxy", "resolver"]
_LIMIT: dict[What, ThresholdId] = {"egress": "egress_km", "proxy": "proxy_km", "resolver": "resolver_km"}
_WORDS: dict[Source, str] = {"reflector": "our reflector", "resolver": "DNS", "front-door": "the front door", "relay": "the media relay"}
_SAME_EGRESS = {4: 24, 6: 48}
"""Prefix lengths within which two addresses count as one way out: the least that is announced on the Internet."""
_CITY_KM = 50.0
"""Places are cities, not buildings: a claim is impossible only when it is farther than the bound by more than a city's extent. Ours."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point on Earth with the name people call it by. Degrees, north and east up."""

    latitude: float
    longitude: float
    name: str = ""

    def km_to(self, other: "Point") -> float:
        """Return the great-circle distance in km."""
        return great_circle_km(self.latitude, self.longitude, other.latitude, other.longitude)


@dataclass(frozen=True, slots=True)
class DeclaredEgress:
    """A way out the customer declares: its public prefix and where it leaves."""

    prefix: str
    point: Point


@dataclass(frozen=True, slots=True)
class Claim:
    """What one source says: an address or a front-door code, where that is, and by what; `rtt_ms` is the least round trip on that way."""

    source: Source
    value: str
    point: Point | None = None
    basis: Basis = "unknown"
    rtt_ms: float | None = None
    network: Network | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A claim against the site: `possible` is False when light could not have been there and back; None when that cannot be said."""

    claim: Claim
    km: float | None
    bound_km: float | None
    possible: bool | None


@dataclass(frozen=True, slots=True)
class EgressTruth:
    """All claims, whether they agree, and what they raise. `split`: Internet and media leave by different ways, which is legitimate."""

    claims: tuple[Weighed, ...]
    agreement: Agreement
    split: bool
    raised: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Backhaul:
    """The rule of 500 miles for one of egress, proxy, resolver. `over` is None when neither place nor round trip decides."""

    what: What
    km: float | None
    limit_km: float
    over: bool | None
    least_ms: float | None
    sentence: str


def address_claim(
    source: Source,
    address: str,
    knowledge: Knowledge,
    declared: Iterable[DeclaredEgress] = (),
    rtt_ms: float | None = None,
    asn: int | None = None,
    database: Point | None = None,
) -> Claim:
    """Return what a public address says: placed by the customer's declared ways out, else by a database's point if one is given."""
    point = _declared_point(address, declared)
    basis: Basis = "declared" if point is not None else "database" if database is not None else "unknown"
    return Claim(source, address, point or database, basis, rtt_ms, knowledge.networks.of(address, asn))


def front_door_claim(code: str, knowledge: Knowledge, rtt_ms: float | None = None) -> Claim:
    """Return what a front-door code says: the city Microsoft gives for it, or nothing for a code that is not listed."""
    place = knowledge.front_door(code)
    if place is None:
        return Claim("front-door", code, None, "unknown", rtt_ms)
    return Claim("front-door", code, Point(place.latitude, place.longitude, place.city), "front-door", rtt_ms)


def egress_truth(claims: Sequence[Claim], site: Point | None, knowledge: Knowledge) -> EgressTruth:
    """Return the claims weighed against the site's distance and against each other. Impossible ones have no say in the agreement."""
    weighed = tuple(_weigh(one, site) for one in claims)
    placed = [one.claim for one in weighed if one.claim.point is not None and one.possible is not False]
    apart = [
        text for index, one in enumerate(placed) for other in placed[index + 1 :] if (text := _disagree(one, other, knowledge)) is not None
    ]
    agreement: Agreement = "disagree" if apart else "agree" if len(placed) > 1 else "single" if placed else "nothing"
    impossible = [_impossible(one) for one in weighed if one.possible is False]
    split = _split(claims)
    split_words = ["Media leaves by another way than the web: split egress is legitimate."] if split else []
    raised = tuple(dict.fromkeys(text for one in claims if (text := _raises(one)) is not None))
    return EgressTruth(weighed, agreement, split, raised, (*apart, *impossible, *split_words))


def backhaul(what: What, site: Point | None, point: Point | None, knowledge: Knowledge, rtt_ms: float | None = None) -> Backhaul:
    """Return whether an egress, proxy or resolver is more than 500 miles (800 km) from the site.

    A round trip too short for that distance clears it without any place; a place light cannot have reached in `rtt_ms` decides nothing.
    """
    limit = knowledge.assessment.limit(_LIMIT[what])
    bound = rtt_bound_km(rtt_ms) if rtt_ms is not None else None
    if bound is not None and bound <= limit:
        text = f"The {what} answers in {rtt_ms:.1f} ms, so it is within {bound:.0f} km: no backhaul."
        return Backhaul(what, None, limit, over=False, least_ms=None, sentence=text)
    if site is None or point is None:
        missing = "the site's place is not declared" if site is None else f"the {what}'s place is not known"
        return Backhaul(what, None, limit, None, None, f"Whether the {what} is far away cannot be said: {missing}.")
    km = site.km_to(point)
    if bound is not None and km > bound + _CITY_KM:
        text = f"The {what} is said to be in {_name(point)}, {km:.0f} km away, but answers in {rtt_ms:.1f} ms: it cannot be there."
        return Backhaul(what, km, limit, None, None, text)
    least = rtt_floor_ms(km)
    far = km > limit
    text = f"The {what} is in {_name(point)}, {km:.0f} km from {_name(site)}: {'more' if far else 'not more'} than {limit:.0f} km."
    if far:
        text += f" Light alone needs {least:.0f} ms there and back."
    return Backhaul(what, km, limit, far, least, text)


def _declared_point(address: str, declared: Iterable[DeclaredEgress]) -> Point | None:
    """Return the point of the longest declared prefix around an address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    around = [(ipaddress.ip_network(one.prefix), one.point) for one in declared]
    fitting = [(prefix.prefixlen, point) for prefix, point in around if prefix.version == parsed.version and parsed in prefix]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _weigh(claim: Claim, site: Point | None) -> Weighed:
    km = site.km_to(claim.point) if site is not None and claim.point is not None else None
    bound = rtt_bound_km(claim.rtt_ms) if claim.rtt_ms is not None else None
    possible = km <= bound + _CITY_KM if km is not None and bound is not None else None
    return Weighed(claim, km, bound, possible)


def _disagree(one: Claim, other: Claim, knowledge: Knowledge) -> str | None:
    """Return in words that two claims are too far apart, or None. A front door may be as far as the nearest one is, and 500 miles more."""
    if one.point is None or other.point is None:
        return None
    km, limit = one.point.km_to(other.point), knowledge.assessment.limit("egress_km")
    door, rest = (one, other) if one.source == "front-door" else (other, one)
    if door.source == "front-door" and rest.point is not None and rest.source != "front-door":
        limit += _nearest_door_km(rest.point, knowledge)
    if km <= limit:
        return None
    return (
        f"{_WORDS[one.source].capitalize()} says {_name(one.point)} ({one.value}), {_WORDS[other.source]} says {_name(other.point)} "
        f"({other.value}): {km:.0f} km apart."
    )


def _nearest_door_km(point: Point, knowledge: Knowledge) -> float:
    doors = knowledge.front_doors.values()
    return min((great_circle_km(point.latitude, point.longitude, one.latitude, one.longitude) for one in doors), default=0.0)


def _impossible(one: Weighed) -> str:
    claim = one.claim
    where = _name(claim.point) if claim.point is not None else claim.value
    by = " by a database of addresses" if claim.basis == "database" else ""
    return (
        f"{_WORDS[claim.source].capitalize()} is placed in {where}{by}, {one.km:.0f} km away, but a round trip of {claim.rtt_ms:.1f} ms "
        f"reaches {one.bound_km:.0f} km at most: it is not there."
    )


def _split(claims: Iterable[Claim]) -> bool:
    """Return whether web and media left by different public networks. Different address families are no comparison."""
    web = [_prefix(one.value) for one in claims if one.source == "reflector"]
    media = [_prefix(one.value) for one in claims if one.source == "relay"]
    pairs = [(one, other) for one in web for other in media if one is not None and other is not None and one.version == other.version]
    return bool(pairs) and all(one != other for one, other in pairs)


@lru_cache(maxsize=8192)
def _prefix(address: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        version = ipaddress.ip_address(address).version
        return ipaddress.ip_network(f"{address}/{_SAME_EGRESS[version]}", strict=False)
    except ValueError:
        return None


def _raises(claim: Claim) -> str | None:
    """Return what an egress in this network raises. A resolver of a public service and a front door are not an egress."""
    network = claim.network
    if network is None or claim.source not in {"reflector", "relay"}:
        return None
    if network.kind == "security":
        shared = ", whose addresses serve other things too" if network.shared else ""
        return f"Traffic leaves from {claim.value}, {network.owner}'s network{shared}: a security cloud may stand in the path."
    if network.kind == "cloud":
        return f"Traffic leaves from {claim.value} in {network.owner}: whoever runs what stands there is an intermediary."
    if network.kind == "microsoft":
        return f"Traffic leaves from {claim.value}, announced by Microsoft's own network: something hosted there stands in the path."
    if network.kind == "tunnel":
        return f"{claim.value} is an address {network.owner} puts in: a client program takes the traffic."
    return f"Traffic leaves from {claim.value} in {network.owner}'s delivery network: a relay stands in the path."


def _name(point: Point) -> str:
    return point.name or f"{point.latitude:.1f}, {point.longitude:.1f}"
