"""Holds server/watcher/rollups/due.py: what of the marks is due, by the clocks of their sites."""

from zoneinfo import ZoneInfo

from server.state.rollups import Mark
from server.watcher.rollups.due import GRACE_NS, LATE_NS, due_of
from server.watcher.rollups.local_time import HOUR_NS
from tests.fakes.moments import ns

NINE = ns("2026-11-23T09:00")
ZONES = {"Porto": ZoneInfo("Europe/Lisbon"), "Pune": ZoneInfo("Asia/Kolkata")}


def due(*marks: Mark, now_ns: int, most: int = 24) -> list[tuple[str, int, tuple[int, ...]]]:
    """Return site, number of hours and marks of what is due."""
    return [(one.site, len(one.hours), one.marks) for one in due_of(marks, ZONES.__getitem__, now_ns, most)]


def test_an_hour_that_is_over() -> None:
    """An hour waits for its end and the grace; half an hour off, both local hours that it touches must be over."""
    marks = Mark(1, "Porto", NINE, NINE), Mark(2, "Pune", NINE, NINE)
    assert due(*marks, now_ns=NINE + HOUR_NS + GRACE_NS - 1) == []
    assert due(*marks, now_ns=NINE + HOUR_NS + GRACE_NS) == [("Porto", 1, (1,))]
    assert due(*marks, now_ns=NINE + HOUR_NS * 3 // 2 + GRACE_NS) == [("Porto", 1, (1,)), ("Pune", 2, (2,))]


def test_late_data() -> None:
    """Marks that come late gather for a moment and are done together."""
    late_ns = NINE + 5 * HOUR_NS
    marks = Mark(7, "Porto", NINE, late_ns), Mark(8, "Porto", NINE, late_ns + LATE_NS - 1)
    assert due(*marks, now_ns=late_ns + LATE_NS - 1) == []
    assert due(*marks, now_ns=late_ns + LATE_NS) == [("Porto", 1, (7, 8))]


def test_portions() -> None:
    """A backlog comes in portions; neighbours half an hour off share a local hour."""
    marks = [Mark(number, "Pune", NINE + number * HOUR_NS, NINE) for number in range(5)]
    assert due(*marks, now_ns=NINE + 99 * HOUR_NS, most=2) == [("Pune", 3, (0, 1)), ("Pune", 3, (2, 3)), ("Pune", 2, (4,))]
