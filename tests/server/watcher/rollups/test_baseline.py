"""Holds server/watcher/rollups/baseline.py: the same time of the week, by the wall, whatever the clocks did since."""

import random
from zoneinfo import ZoneInfo

import pytest

from server.watcher.rollups.baseline import LEAST_WEEKS, hours_before, usual_of
from server.watcher.rollups.local_time import hour_at, local
from server.watcher.rollups.tally import Tally
from tests.fakes.moments import ns


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Adelaide", "Asia/Kolkata"])
def test_mondays_at_nine(zone: str) -> None:
    """Eight Mondays at nine on the wall, before and after the clocks turned."""
    known = ZoneInfo(zone)
    hour = next(
        one for step in range(24) if local((one := hour_at(ns("2026-11-23T00:30") + step * 3600 * 10**9, known)).start_ns, known).hour == 9
    )
    before = hours_before(hour, known)
    shown = [local(one.start_ns, known) for one in before]
    assert [(one.weekday(), one.hour, one.minute) for one in shown] == [(local(hour.start_ns, known).weekday(), 9, 0)] * 8
    assert len({one.date() for one in shown}) == 8
    assert before[0].start_ns < hour.start_ns


def hour_tally(samples: int, level: float) -> Tally:
    """Return an hour of totals around a level."""
    chance = random.Random(samples)
    tally = Tally()
    for _ in range(samples):
        tally.add("total_ms", level * chance.lognormvariate(0, 0.1))
    return tally


def test_usual() -> None:
    """Distributions are merged, not their percentiles averaged: a busy hour weighs as much as it has samples."""
    usual = usual_of([hour_tally(900, 100), hour_tally(10, 500), hour_tally(10, 500)])
    assert usual is not None
    assert (usual.weeks, usual.samples) == (3, 920)
    assert usual.p50_ms == pytest.approx(100, rel=0.05)
    assert usual.p95_ms < 200
    assert usual_of([hour_tally(900, 100)] * (LEAST_WEEKS - 1)) is None
    assert usual_of([hour_tally(5, 100)] * 4) is None
    assert usual_of([Tally()] * 8) is None
