"""Holds server/watcher/rollups/windows.py: five windows, right across the nights the clocks turn."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from server.fleet.hours import WORK_WEEK, BusinessHours
from server.watcher.rollups.local_time import HOUR_NS, day_at, hours_within, local
from server.watcher.rollups.windows import WINDOWS, windows_at
from tests.fakes.moments import ns


@pytest.mark.parametrize(
    ("start", "windows"),
    [
        ("2026-11-23T09:00", {"24x7", "business", "work-week-business"}),
        ("2026-11-23T18:00", {"24x7", "out-of-hours", "work-week-out-of-hours"}),
        ("2026-11-22T09:00", {"24x7", "business"}),
        ("2026-11-22T03:00", {"24x7", "out-of-hours"}),
    ],
)
def test_an_hour(start: str, windows: set[str]) -> None:
    """Monday morning, Monday evening, Sunday morning, Sunday night, with the hours nobody changed."""
    assert set(windows_at(datetime.fromisoformat(start), WORK_WEEK)) == windows


def test_other_weeks() -> None:
    """A site that works from Sunday to Thursday, or at night, has its own work week; full hours count."""
    gulf = BusinessHours((6, 0, 1, 2, 3), 9 * 60 + 30, 17 * 60)
    assert "work-week-business" in windows_at(datetime.fromisoformat("2026-11-22T10:00"), gulf)
    assert "work-week-out-of-hours" in windows_at(datetime.fromisoformat("2026-11-22T09:00"), gulf)
    assert set(windows_at(datetime.fromisoformat("2026-11-27T10:00"), gulf)) == {"24x7", "business"}
    night = BusinessHours((0,), 22 * 60, 6 * 60)
    assert "work-week-business" in windows_at(datetime.fromisoformat("2026-11-24T05:00"), night)


@pytest.mark.parametrize(
    ("zone", "turns"),
    [
        ("Europe/Berlin", ("2026-03-29T12:00", "2026-10-25T12:00")),
        ("America/New_York", ("2026-03-08T16:00", "2026-11-01T16:00")),
        ("Australia/Adelaide", ("2026-10-04T02:00", "2026-04-05T02:00")),
        ("Australia/Lord_Howe", ("2026-10-04T02:00", "2026-04-05T02:00")),
        ("Asia/Kolkata", ("2026-03-29T06:00", "2026-10-25T06:00")),
    ],
)
def test_weeks_in_which_the_clocks_turn(zone: str, turns: tuple[str, str]) -> None:
    """Business lasts ten hours from 08:00 to 18:00 on the wall each day of that week; the night alone is longer or shorter."""
    known = ZoneInfo(zone)
    for turn in turns:
        for step in range(-3, 4):
            day = day_at(ns(turn) + step * 24 * HOUR_NS, known)
            hours = list(hours_within(*day, known))
            spans = {window: [one for one in hours if window in windows_at(local(one.start_ns, known), WORK_WEEK)] for window in WINDOWS}
            lengths = {window: sum(one.end_ns - one.start_ns for one in mine) for window, mine in spans.items()}
            assert lengths["24x7"] == day.end_ns - day.start_ns
            assert lengths["business"] == 10 * HOUR_NS
            assert lengths["business"] + lengths["out-of-hours"] == lengths["24x7"]
            assert (local(spans["business"][0].start_ns, known).hour, local(spans["business"][-1].start_ns, known).hour) == (8, 17)
            working = local(day.start_ns, known).weekday() < 5
            assert lengths["work-week-business"] == (10 * HOUR_NS if working else 0)
            assert lengths["work-week-out-of-hours"] == (lengths["out-of-hours"] if working else 0)
