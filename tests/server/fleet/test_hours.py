"""Business hours: read as written, written as read, and right on each side of their edges."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.fleet.hours import WORK_WEEK, BadHours, BusinessHours, hours_of

MINUTES = st.integers(0, 1439)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon-Fri 08:00-18:00", WORK_WEEK),
        (" mon - thu, SAT  7:30 - 24:00 ", BusinessHours((0, 1, 2, 3, 5), 450, 1440)),
        ("Fri-Mon 22:00-06:00", BusinessHours((0, 4, 5, 6), 1320, 360)),
        ("Sunday 00:00-24:00", BusinessHours((6,), 0, 1440)),
    ],
)
def test_what_is_written_is_read(text: str, expected: BusinessHours) -> None:
    """Days as a span, a list, over the week's end; times with and without a leading zero, over midnight, the whole day."""
    assert hours_of(text) == expected


@given(st.sets(st.integers(0, 6), min_size=1), MINUTES, st.integers(0, 1440))
def test_what_is_written_reads_back(days: set[int], start: int, end: int) -> None:
    """Whatever the hours."""
    if start != end:
        hours = BusinessHours(tuple(sorted(days)), start, end)
        assert hours_of(str(hours)) == hours


@pytest.mark.parametrize("text", ["", "always", "Mon-Fri", "Mon-Fry 8:00-9:00", "Mon 25:00-26:00", "Mon 08:60-09:00", "Mon 9:00-9:00", "-"])
def test_what_is_none_is_refused_with_the_way_to_write_it(text: str) -> None:
    """A sentence with the text and an example."""
    with pytest.raises(BadHours, match="; write Mon"):
        hours_of(text)


def test_the_edges() -> None:
    """The first minute is in, the last is out; the hours of a night belong to the day they begin on."""
    wednesday = [datetime(2026, 11, 25, hour, minute, tzinfo=UTC) for hour, minute in ((7, 59), (8, 0), (17, 59), (18, 0))]
    assert [WORK_WEEK.holds(one) for one in wednesday] == [False, True, True, False]
    night = BusinessHours((2,), 1320, 360)
    moments = [datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((25, 5), (25, 22), (26, 5), (26, 6), (26, 22))]
    assert [night.holds(one) for one in moments] == [False, True, True, False, False]
