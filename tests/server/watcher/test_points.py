"""An event's point: its identity is kept by the letter, its names are for ever."""

from server.history.lines import encode
from server.state.events import EventRow
from server.watcher.points import FIELD_TYPES, FIELDS, TAGS, event_point, read_point
from wire.codec import canonical

BODY = {"vendor": "Zscaler", "hosts": ["a", "b"], "agents_agree": 2, "agents_reporting": 3, "verdict": "inspected", "product": ""}
T, MADE = 1_700_000_000_123_456_789, 1_700_000_000_200_000_000
EVENT = EventRow("appeared", "P2", "d-1", "Frankfurt", 1, T, MADE, "A sentence.", canonical(BODY))


def test_the_point_of_an_event() -> None:
    """Tags in their order, empty texts left out, counts as whole numbers."""
    point = read_point(event_point(EVENT, 1042))
    assert point.tags == (("kind", "appeared"), ("scope", "Frankfurt"), ("severity", "P2"))
    assert point.time_ns == 1_700_000_000_123_456_042
    assert point.fields == {
        "sentence": "A sentence.",
        "episode": 1,
        "made_ms": 1_700_000_000_200,
        "vendor": "Zscaler",
        "verdict": "inspected",
        "device": "d-1",
        "hosts": "a, b",
        "agents_agree": 2,
        "agents_reporting": 3,
    }
    assert {name: type(value) for name, value in point.fields.items()}.items() <= FIELD_TYPES.items()
    assert encode(point).startswith(b"event,kind=appeared,scope=Frankfurt,severity=P2 ")


def test_two_events_of_one_moment_are_two_points() -> None:
    """Two devices that appear in one report do not overwrite each other; the same letter is the same point."""
    first, second = (read_point(event_point(EVENT, number)) for number in (1, 2))
    assert first.time_ns != second.time_ns
    assert read_point(event_point(EVENT, 1)) == first


def test_a_scope_without_a_name_is_no_tag() -> None:
    """No store takes an empty tag."""
    nameless = EventRow("left", "P4", "d-1", "", 1, 1, 1, "s", b"{}")
    assert read_point(event_point(nameless, 1)).tags == (("kind", "left"), ("severity", "P4"))


def test_the_names_are_for_ever() -> None:
    """Added to, never renamed."""
    assert TAGS == ("kind", "scope", "severity")
    assert FIELDS == ("device", "vendor", "product", "device_class", "issuer", "verdict", "responsible", "native")
