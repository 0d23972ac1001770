"""Ways out: whose they are, who decides for a site, what is no move, how far one goes, and whether the facts agree."""

from dataclasses import replace

import pytest

from server.collector.ways import Way
from server.fleet.registry import Egress, EgressRange, Place, Registry, Site
from server.watcher.leaving import Leaving, Move, egress_of, front_door_of, majority, move_of, read, steady, taken, truth_of
from server.watcher.steady import Word
from tests.fakes.examined import KNOWLEDGE
from tests.fakes.sightings import START

PORTO, PARIS, NEW_YORK = Place(41.15, -8.61), Place(48.85, 2.35), Place(40.71, -74.0)
REGISTRY = Registry(
    {"Porto": Site("Porto", PORTO, egress=(EgressRange("192.0.2.0/24", "fibre one"),))},
    [Egress("203.0.113.0/25", "Paris", PARIS), Egress("203.0.113.128/25", "New York", NEW_YORK)],
)


def way(seen: str, value: str = "AS64500", asn: int = 64500, network: str = "One", place: str = "Porto", rounds: int = 2) -> Way:
    """Return an agent's way."""
    return Way(place, value, seen, network, asn, START, rounds)


@pytest.mark.parametrize(
    ("seen", "known"),
    [
        (way("203.0.113.7"), Leaving("range Paris", "203.0.113.7", "Paris", "One", "", 48.85, 2.35)),
        (way("192.0.2.7"), Leaving("circuit fibre one", "192.0.2.7", "fibre one", "One")),
        (way("198.51.100.7"), Leaving("AS64500", "198.51.100.7", "", "One")),
        (way("198.51.100.7", "198.51.100.0/24", 0, ""), Leaving("198.51.100.0/24", "198.51.100.7")),
        (way("165.225.1.7", "AS62044", 62044, "x"), Leaving("network zscaler", "165.225.1.7", "", "Zscaler", "security")),
    ],
)
def test_whose_a_way_out_is(seen: Way, known: Leaving) -> None:
    """The customer's own word first, then the knowledge's, then the agent's; and it survives being a word of the site."""
    found = egress_of(seen, "Porto", REGISTRY, KNOWLEDGE)
    assert found == known
    assert read(found.dump()) == known
    assert egress_of(seen, "Nowhere", Registry(), KNOWLEDGE).place is None


def test_front_doors_are_cities() -> None:
    """A code that is listed has its city; another one only itself."""
    door = front_door_of(way("FRA02", "FRA"), KNOWLEDGE)
    assert (door.id, door.address, door.place is not None) == (door.name, "FRA02", True)
    assert front_door_of(way("QQX", "QQX"), KNOWLEDGE) == Leaving("QQX", "QQX")


A, B, C = (Leaving(name, f"{name}-address") for name in "ABC")
HELD = Word(A.dump(), START)


@pytest.mark.parametrize(
    ("voices", "before", "said"),
    [
        ([], HELD, None),
        ([A], None, "A"),
        ([B], HELD, "B"),
        ([A, B], HELD, "A"),  # half still uses it
        ([A, B, B], HELD, "A"),  # a third does: split traffic does not flap
        ([A, B, B, B], HELD, "B"),
        ([B, B, C, C, C], HELD, "C"),
        ([B, B, C, C, Leaving("D", "d")], HELD, None),  # no majority, no word
        ([A, B], None, "B"),  # any of equals, the same each time
    ],
)
def test_who_decides_for_a_site(voices: list[Leaving], before: Word | None, said: str | None) -> None:
    """Half of those who are there make a new way; 30 % hold the old one."""
    found, _ = majority(voices, len(voices), before)
    assert (read(found).id if found else None) == said
    assert majority([B], 3, HELD)[0] is None  # two more are there, and not sure yet


def test_rotation_is_the_same_word() -> None:
    """Another address of the way that is believed, or of the one that may follow, gives the word as it is stored."""
    turned, next_one = replace(A, address="other"), replace(B, address="other")
    assert majority([turned, turned], 2, HELD) == (HELD.value, 2)
    waiting = replace(HELD, next=B.dump(), next_ns=START)
    assert majority([next_one], 1, waiting) == (waiting.next, 1)


def test_what_counts_as_a_voice() -> None:
    """Two rounds at this place; one round, another place, another kind have none."""
    ways = {
        "a": {"egress": way("1.1.1.1")},
        "b": {"egress": way("2.2.2.2", rounds=1)},
        "c": {"egress": way("3.3.3.3", place="Lyon")},
        "d": {"dns": way("4.4.4.4")},
    }
    assert [one.seen for one in taken(ways, "egress", "Porto")] == ["1.1.1.1", "2.2.2.2"]
    assert [one.seen for one in steady(taken(ways, "egress", "Porto"))] == ["1.1.1.1"]


@pytest.mark.parametrize(
    ("before", "after", "home", "far"),
    [
        (None, None, PORTO, False),
        (PARIS, PARIS, PARIS, False),
        (None, PARIS, PORTO, True),  # 1,200 km from the site
        (NEW_YORK, PORTO, PORTO, True),  # home again, from far away: it moved far
        (PARIS, NEW_YORK, None, True),
        (None, PARIS, None, False),
    ],
)
def test_how_far_a_move_goes(before: Place | None, after: Place | None, home: Place | None, *, far: bool) -> None:
    """From the site, or from where it was; what is not known is not far."""

    def at(place: Place | None) -> Leaving:
        return Leaving("x", "y") if place is None else Leaving("x", "y", latitude=place.latitude, longitude=place.longitude)

    assert move_of(at(before), at(after), home).far(800) is far
    assert Move(800.0, None).far(800) is False


def test_whether_the_facts_agree() -> None:
    """Reflector and front door on two continents disagree; in one city they agree; one alone is single."""
    paris = {"egress": [way("203.0.113.7")]}
    assert truth_of(paris, PORTO, "Porto", REGISTRY, KNOWLEDGE).agreement == "single"
    far = truth_of(paris | {"front-door": [way("SYD", "SYD")]}, PORTO, "Porto", REGISTRY, KNOWLEDGE)
    assert far.agreement == "disagree"
    assert far.sentences
    assert truth_of(paris | {"front-door": [way("PAR", "PAR")]}, PORTO, "Porto", REGISTRY, KNOWLEDGE).agreement == "agree"
    assert truth_of({}, None, "Porto", REGISTRY, KNOWLEDGE).agreement == "nothing"


def test_names() -> None:
    """As people call it, with the address."""
    assert [one.text for one in (Leaving("x", "1.2.3.4", "Paris", "One"), Leaving("x", "1.2.3.4", "", "One"), Leaving("x", "1.2.3.4"))] == [
        "Paris (1.2.3.4)",
        "One (1.2.3.4)",
        "1.2.3.4",
    ]
