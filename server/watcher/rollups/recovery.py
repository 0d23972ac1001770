"""What became of a site's slower levels once they count as such no more: as before, the usual one now, or measured no more. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from server.state.rollups import DayRow
from server.watcher.rollups.change import AFTER, BEFORE, LEAST
from server.watcher.rollups.changes import DAY_NS, days_of
from server.watcher.rollups.tally import Key

Kind = Literal["latency-recovered", "latency-usual"]
RECOVERED: Final[Kind] = "latency-recovered"
USUAL: Final[Kind] = "latency-usual"


@dataclass(frozen=True, slots=True)
class Level:
    """One key that was slower since `since_ns`: the median of its daily p95 before that, and of the last week, ms; None: too few days."""

    key: Key
    since_ns: int
    before_ms: float | None
    now_ms: float | None
    agents: int = 0

    @property
    def back(self) -> bool:
        """Return whether it is as before: less than a change of level above it."""
        return self.before_ms is not None and self.now_ms is not None and self.now_ms < self.before_ms * (1 + LEAST)


def levels_of(rows: Iterable[DayRow], since: Mapping[Key, int]) -> list[Level]:
    """Return the levels of these keys. `since`: when each had become slower (Unix ns); rows are of one window, oldest first."""
    rows = list(rows)
    days, week_ns = days_of(rows), max((row.end_ns for row in rows), default=0) - AFTER * DAY_NS
    found = []
    for key, since_ns in sorted(since.items()):
        before = [p95 for row, p95, _ in days.get(key, []) if row.start_ns < since_ns]
        last = [(p95, agents) for row, p95, agents in days.get(key, []) if row.start_ns >= max(since_ns, week_ns)]
        before_ms = median(before) if len(before) >= BEFORE else None
        now_ms = median(p95 for p95, _ in last) if last else None
        found.append(Level(key, since_ns, before_ms, now_ms, max((agents for _, agents in last), default=0)))
    return found


def kind_of(levels: Sequence[Level]) -> Kind:
    """Return how the end of a site's slower levels is told: as a recovery only when all of them are as before."""
    return RECOVERED if all(one.back for one in levels) else USUAL
