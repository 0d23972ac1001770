"""Holds server/watcher/rollups/days.py: a day is its hours, each in its windows."""

from zoneinfo import ZoneInfo

from server.fleet.hours import WORK_WEEK
from server.watcher.rollups.days import day_of
from server.watcher.rollups.local_time import day_at, hours_within
from server.watcher.rollups.tally import Key, Tally
from tests.fakes.moments import ns

KEY = Key("Exchange", "direct")


def test_a_long_day() -> None:
    """The Sunday of 25 hours: all are in 24x7, ten in business, none in the work week; the day after has its own."""
    zone = ZoneInfo("Europe/Berlin")
    sunday, monday = (
        day_of([(one.start_ns, {KEY: Tally(count=1, hours=1)}) for one in hours_within(*day_at(ns(noon), zone), zone)], zone, WORK_WEEK)
        for noon in ("2026-10-25T12:00", "2026-10-26T12:00")
    )
    counts = {window: tally.count for (_, window), tally in sunday.items()}
    assert counts == {"24x7": 25, "business": 10, "out-of-hours": 15}
    assert {window: tally.count for (_, window), tally in monday.items()} == {
        "24x7": 24,
        "business": 10,
        "out-of-hours": 14,
        "work-week-business": 10,
        "work-week-out-of-hours": 14,
    }
