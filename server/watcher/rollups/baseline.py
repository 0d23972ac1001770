"""What is usual at a time of the week: Mondays at nine against Mondays at nine, by the site's own clock. Pure.

The hours of the weeks before are merged as distributions and then asked for their percentiles; percentiles are never averaged.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.watcher.rollups.local_time import S, Stretch, hour_at, local
from server.watcher.rollups.tally import ENOUGH, Tally, merged

WEEKS: Final = 8
"""Weeks that are looked back: enough for the samples of a p95, and within the 90 days that hours are kept."""
LEAST_WEEKS: Final = 3
"""A time of the week of which one or two are known has nothing usual yet."""
PHASE: Final = "total_ms"


@dataclass(frozen=True, slots=True)
class Usual:
    """The total time at one time of the week, ms: `samples` of `weeks` hours."""

    weeks: int
    samples: int
    p50_ms: float
    p95_ms: float


def hours_before(hour: Stretch, zone: ZoneInfo, weeks: int = WEEKS) -> list[Stretch]:
    """Return the local hours that show the same weekday and time in the weeks before, newest first; the clocks may have turned since."""
    shown = local(hour.start_ns, zone)
    moments = [(shown - timedelta(weeks=week)).replace(fold=shown.fold) for week in range(1, weeks + 1)]
    return [hour_at(int(one.timestamp()) * S, zone) for one in moments]


def usual_of(tallies: Iterable[Tally]) -> Usual | None:
    """Return what is usual by the tallies of those hours; None while too little is known."""
    known = [one for one in tallies if PHASE in one.sketches]
    sketch = merged(known).sketches.get(PHASE)
    if len(known) < LEAST_WEEKS or sketch is None or sketch.count < ENOUGH:
        return None
    p50_ms, p95_ms = sketch.at_each((0.5, 0.95))
    return Usual(len(known), sketch.count, p50_ms, p95_ms)
