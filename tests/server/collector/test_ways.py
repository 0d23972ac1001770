"""Ways, pure: what a report saw of them, which change is another way and which is the same one seen again."""

from typing import Any

import pytest

from server.collector.ways import Way, WayKind, WaySeen, follow, ways_seen
from tests.fakes.reports import START_NS, TARGETS
from wire.facts import EgressFacts, MediaFacts, WebFacts
from wire.observation import EgressObservation, MediaObservation, WebObservation
from wire.target import Target

REFLECTOR = Target(host="reflect.example.net", category="Control", workload="Control")
ID = "x" * 22


def egress(**facts: Any) -> Any:
    """Return an observation of the egress with its facts."""
    return EgressObservation(kind="egress", facts=ID, at_us=0), EgressFacts(target=REFLECTOR, **facts)


def web(front_door: str | None, number: int = 0, **facts: Any) -> Any:
    """Return an answer of a target with its facts."""
    return WebObservation(kind="web", facts=ID, at_us=0, front_door=front_door), WebFacts(target=TARGETS[number], **facts)


def media(mapped: str) -> Any:
    """Return a train to the relay with its facts."""
    return MediaObservation(kind="media", facts=ID, at_us=0), MediaFacts(target=TARGETS[3], mapped=mapped)


def test_what_a_report_saw() -> None:
    """The four ways there are, each once."""
    pairs = [
        egress(address="203.0.113.7", asn=3320, as_name="DTAG", dns_address="203.0.113.8"),
        web("FRA"),
        web("AMS"),
        media("198.51.100.1"),
    ]
    assert ways_seen(pairs) == {
        "egress": WaySeen("203.0.113.7", "DTAG", 3320),
        "dns": WaySeen("203.0.113.8"),
        "front-door": WaySeen("FRA"),
        "relay": WaySeen("198.51.100.1"),
    }


@pytest.mark.parametrize(
    "pair",
    [
        egress(address="203.0.113.7", route="system"),  # a proxy's way
        egress(address="203.0.113.7", failure="timeout"),
        egress(address="not an address"),
        egress(),
        web(None),
        web("FRA", 2),  # SharePoint's codes are another list
        web("FRA", route="proxy"),
        media("?"),
    ],
)
def test_what_says_nothing_of_the_way(pair: Any) -> None:
    """None of these is the site's own way."""
    assert ways_seen([pair]) == {}


def walk(*seen: WaySeen, kind: WayKind = "egress", places: str = "") -> list[tuple[str, str, int, int]]:
    """See one way after another; return (value, seen, since, rounds) after each."""
    ways: Any = {}
    found = []
    for at, one in enumerate(seen):
        ways = follow(ways, {kind: one}, places[at] if places else "Porto", START_NS + at)
        way: Way = ways[kind]
        found.append((way.value, way.seen, way.since_ns - START_NS, way.rounds))
    return found


A, A2, AFAR = WaySeen("203.0.113.7", "One", 64500), WaySeen("203.0.113.99", "One", 64500), WaySeen("192.0.2.7", "One", 64500)
B, UNKNOWN = WaySeen("198.51.100.1", "Two", 64501), WaySeen("203.0.113.7")


@pytest.mark.parametrize(
    ("seen", "last"),
    [
        ((A, A, A), ("AS64500", "203.0.113.7", 0, 2)),
        ((A, A2, A, A2), ("AS64500", "203.0.113.7", 0, 2)),  # rotation
        ((A, A2, A2), ("AS64500", "203.0.113.99", 0, 2)),  # twice in a row it is the address
        ((A, AFAR), ("AS64500", "203.0.113.7", 0, 2)),
        ((A, AFAR, AFAR), ("AS64500", "192.0.2.7", 0, 2)),  # the same provider from elsewhere: whether that is a move, the watcher says
        ((A, A, B), ("AS64501", "198.51.100.1", 2, 1)),
        ((A, B, A), ("AS64500", "203.0.113.7", 2, 1)),
        ((UNKNOWN, UNKNOWN), ("203.0.113.0/24", "203.0.113.7", 0, 2)),
        ((UNKNOWN, A), ("AS64500", "203.0.113.7", 0, 2)),  # better known
        ((A, UNKNOWN), ("AS64500", "203.0.113.7", 0, 2)),  # a lookup that failed
        ((UNKNOWN, WaySeen("192.0.2.7")), ("192.0.2.0/24", "192.0.2.7", 1, 1)),
        ((WaySeen("2001:db8:1:2::3"), WaySeen("2001:db8:1:9::4")), ("2001:db8:1::/48", "2001:db8:1:2::3", 0, 2)),
    ],
)
def test_which_change_is_another_way(seen: tuple[WaySeen, ...], last: tuple[str, str, int, int]) -> None:
    """Who announces the address decides, else its prefix."""
    assert walk(*seen)[-1] == last


def test_front_doors() -> None:
    """A code's digits are a machine of the same front door."""
    assert walk(WaySeen("fra01"), WaySeen("FRA02"), WaySeen("AMS"), kind="front-door")[1:] == [("FRA", "fra01", 0, 2), ("AMS", "AMS", 2, 1)]


def test_another_place_begins_anew() -> None:
    """A laptop that moves brings no way with it."""
    assert walk(A, A, A, places="PPL")[-1] == ("AS64500", "203.0.113.7", 2, 1)


def test_nothing_new_is_the_same_object() -> None:
    """So that nothing is written; a report without a way leaves all as it is."""
    ways = follow({}, {"egress": A}, "Porto", START_NS)
    ways = follow(ways, {"egress": A}, "Porto", START_NS + 1)
    assert follow(ways, {"egress": A}, "Porto", START_NS + 2) is ways
    assert follow(ways, {"egress": A2}, "Porto", START_NS + 2) == ways  # remembered, and not worth a row
    assert follow(ways, {}, "Porto", START_NS + 2) is ways
