"""Holds server/watcher/rollups/local_time.py: hours and days by the wall clock, in the nights the clocks turn and in odd zones."""

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.watcher.rollups.local_time import HOUR_NS, S, day_at, hour_at, hours_within, local
from tests.fakes.moments import ns

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/Havana",
    "Africa/Cairo",
    "America/Santiago",
    "UTC",
)
FIRST_S, LAST_S = 1_735_689_600, 1_893_456_000  # 2025 to 2030


@pytest.mark.parametrize(
    ("zone", "noon", "hours"),
    [
        ("Europe/Berlin", "2026-03-29T12:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00", 25),
        ("Europe/Berlin", "2026-06-01T12:00", 24),
        ("America/New_York", "2026-03-08T16:00", 23),
        ("America/New_York", "2026-11-01T16:00", 25),
        ("Australia/Adelaide", "2026-10-04T02:00", 23),
        ("Australia/Adelaide", "2026-04-05T02:00", 25),
        ("Asia/Kolkata", "2026-03-29T06:00", 24),
        ("Asia/Kathmandu", "2026-03-29T06:00", 24),
        ("America/Havana", "2026-11-01T16:00", 25),
        ("Africa/Cairo", "2026-04-24T10:00", 23),
    ],
)
def test_days(zone: str, noon: str, hours: int) -> None:
    """A day has as many hours as its night leaves it, each begins on the wall's full hour, and together they are the day."""
    day = day_at(ns(noon), ZoneInfo(zone))
    found = list(hours_within(*day, ZoneInfo(zone)))
    assert len(found) == hours
    assert day.end_ns - day.start_ns == hours * HOUR_NS
    assert (found[0].start_ns, found[-1].end_ns) == day
    assert all(one.end_ns == other.start_ns for one, other in pairwise(found))
    assert {local(one.start_ns, ZoneInfo(zone)).minute for one in found} == {0}


def test_half_an_hour() -> None:
    """On Lord Howe Island the clocks turn by half an hour: one hour of the night is half as long, and nothing is left out."""
    zone = ZoneInfo("Australia/Lord_Howe")
    spring, autumn = day_at(ns("2026-10-04T02:00"), zone), day_at(ns("2026-04-05T02:00"), zone)
    assert (spring.end_ns - spring.start_ns, autumn.end_ns - autumn.start_ns) == (23.5 * HOUR_NS, 24.5 * HOUR_NS)
    for day in (spring, autumn):
        hours = list(hours_within(*day, zone))
        assert [one.end_ns - one.start_ns for one in hours].count(HOUR_NS // 2) == 1
        assert sum(one.end_ns - one.start_ns for one in hours) == day.end_ns - day.start_ns


@given(zone=st.sampled_from(ZONES), at_s=st.integers(FIRST_S, LAST_S))
def test_every_moment(zone: str, at_s: int) -> None:
    """Each moment is in its hour, which shows one date, one hour and one offset from end to end, and is the hour of its other moments."""
    known = ZoneInfo(zone)
    hour = hour_at(at_s * S, known)
    assert hour.start_ns <= at_s * S < hour.end_ns <= hour.start_ns + HOUR_NS
    shown = [local(at_ns, known) for at_ns in (hour.start_ns, at_s * S, hour.end_ns - S)]
    assert len({(one.date(), one.hour, one.utcoffset()) for one in shown}) == 1
    assert hour_at(hour.start_ns, known) == hour_at(hour.end_ns - S, known) == hour
    day = day_at(at_s * S, known)
    assert day.start_ns <= hour.start_ns
    assert hour.end_ns <= day.end_ns
