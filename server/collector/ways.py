"""By which way an agent leaves, pure: what one report saw of it, and when that is another way. Addresses that rotate are one way.

Three facts say where traffic leaves (our reflector, a name server asked directly, the front door that answers) and a fourth where media
does. What a way is called, where it lies and who runs it is the watcher's matter: sites and knowledge may change, what was seen does not.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from wire.facts import EgressFacts, KnownFacts, MediaFacts, WebFacts
from wire.observation import KnownObservation
from wire.target import DIRECT

WayKind = Literal["egress", "dns", "front-door", "relay"]
SAME: Final = {4: 24, 6: 48}
"""Prefix lengths within which two addresses are one way: the least that is announced on the Internet (as `judge/egress_truth.py`)."""
STEADY_ROUNDS = 2
LONGEST_NETWORK = 256


@dataclass(frozen=True, slots=True)
class WaySeen:
    """What one report saw: an address or a front door's code; of an address who announces it, as far as the agent knows (0: not)."""

    seen: str
    network: str = ""
    asn: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """By which way an agent leaves at a place: `value` since `since_ns`; `seen` is an address of it that was seen twice in a row.

    `rounds` counts to two. `once`: another address, seen once; it is not stored, or addresses that rotate would be a row per report.
    """

    place: str
    value: str
    seen: str
    network: str
    asn: int
    since_ns: int
    rounds: int = 1
    once: str = field(default="", compare=False)


def ways_seen(pairs: Iterable[tuple[KnownObservation, KnownFacts]]) -> dict[WayKind, WaySeen]:
    """Return what a report saw of its ways, the direct ones: by a proxy it is the proxy's way, and not the site's."""
    found: dict[WayKind, WaySeen] = {}
    for observation, facts in pairs:
        if facts.failure is not None or facts.route != DIRECT.name:
            continue
        if isinstance(facts, EgressFacts):
            if facts.address and _prefix(facts.address):
                found.setdefault("egress", WaySeen(facts.address, facts.as_name[:LONGEST_NETWORK], facts.asn or 0))
            if facts.dns_address and _prefix(facts.dns_address):
                found.setdefault("dns", WaySeen(facts.dns_address))
        elif isinstance(facts, MediaFacts):
            if facts.mapped and _prefix(facts.mapped):
                found.setdefault("relay", WaySeen(facts.mapped))
        elif isinstance(facts, WebFacts) and facts.target.workload == "Exchange" and (code := getattr(observation, "front_door", "")):
            found.setdefault("front-door", WaySeen(code[:64]))
    return found


def follow(before: Mapping[str, Way], seen: Mapping[WayKind, WaySeen], place: str, at_ns: int) -> Mapping[str, Way]:
    """Return the ways after an agent's newest report; the same object when nothing changed."""
    followed: dict[str, Way] = {kind: _follow(before.get(kind), one, place, at_ns) for kind, one in seen.items()}
    changed = {kind: after for kind, after in followed.items() if after is not before.get(kind)}
    return {**before, **changed} if changed else before


def _follow(before: Way | None, seen: WaySeen, place: str, at_ns: int) -> Way:
    value = _value(seen)
    if before is None or before.place != place or not _same(before, seen, value):
        return Way(place, value, seen.seen, seen.network, seen.asn, at_ns)
    after = before
    if before.rounds < STEADY_ROUNDS:
        after = replace(after, rounds=before.rounds + 1)
    if before.seen != seen.seen:
        after = replace(after, seen=seen.seen, once="") if before.once == seen.seen else replace(after, once=seen.seen)
    elif before.once:
        after = replace(after, once="")
    if seen.asn and not before.asn:  # who announces it was not known before: the same way, better known
        after = replace(after, value=value, network=seen.network, asn=seen.asn)
    return after


def _same(before: Way, seen: WaySeen, value: str) -> bool:
    return before.value == value or (bool(prefix := _prefix(seen.seen)) and prefix == _prefix(before.seen))


def _value(seen: WaySeen) -> str:
    """Return what makes it another way: who announces the address, else its prefix; the letters of a front door's code."""
    if seen.asn:
        return f"AS{seen.asn}"
    return _prefix(seen.seen) or seen.seen.strip().upper().rstrip("0123456789")


def _prefix(address: str) -> str:
    try:
        version = ipaddress.ip_address(address).version
        return str(ipaddress.ip_network(f"{address}/{SAME[version]}", strict=False))
    except ValueError:
        return ""
