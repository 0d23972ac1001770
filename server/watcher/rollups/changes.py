"""Changes of level in a site's days, and which of its events fall together with them. Pure: rows and events in, changes out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from server.state.events import EventRow
from server.state.rollups import DayRow
from server.watcher.kinds import KINDS
from server.watcher.rollups.change import Change, change_in
from server.watcher.rollups.local_time import local
from server.watcher.rollups.tally import ENOUGH, LASTING, Key, unpack
from server.watcher.rollups.windows import Window

DAY_NS: Final = 86_400 * 10**9
LOOK_BACK_NS: Final = 84 * DAY_NS
"""Twelve weeks: twice the six of the planners' example, and as the baseline of a quarter."""
LOOKED_AT: Final[Window] = "24x7"
TOGETHER_NS: Final = 3 * DAY_NS
"""How far an event may be from a change to be named with it: in noise of a tenth a break is put 0 to 2 days wrong (measured)."""
_OTHERS: Final = frozenset({"device", "egress", "reach", "feed", "trust"})
"""Causes that can make a way slower. Agents and cases do not."""


@dataclass(frozen=True, slots=True)
class Found:
    """One key's change: the p95 of the total time, ms, since the local day that begins at `since_ns`; `agents` most on one day."""

    key: Key
    change: Change
    since_ns: int
    until_ns: int
    agents: int

    @property
    def weeks(self) -> int:
        """Return how long the new level has lasted, in whole weeks."""
        return int((self.until_ns - self.since_ns) // (7 * DAY_NS))


def changes_of(rows: Iterable[DayRow], zone: ZoneInfo) -> dict[Key, Found | None]:
    """Return each key's change of the p95 of its total time, None where there is none."""
    return {key: _found(key, mine, zone) for key, mine in sorted(days_of(rows).items())}


def days_of(rows: Iterable[DayRow]) -> dict[Key, list[tuple[DayRow, float, int]]]:
    """Return each key's days with the p95 of its total time, ms, and its agents. Days of fewer than 24 samples are left out."""
    days: dict[Key, list[tuple[DayRow, float, int]]] = {}
    for row in rows:
        tally = unpack(row.kept, LASTING)
        mine = days.setdefault(Key(row.workload, row.route), [])
        if "total_ms" in tally.sketches and tally.sketches["total_ms"].count >= ENOUGH:
            mine.append((row, tally.sketches["total_ms"].at(0.95), tally.agents))
    return days


def _found(key: Key, days: Sequence[tuple[DayRow, float, int]], zone: ZoneInfo) -> Found | None:
    change = change_in([value for _, value, _ in days], [local(row.start_ns, zone).weekday() for row, _, _ in days])
    if change is None:
        return None
    return Found(key, change, days[change.at][0].start_ns, days[-1][0].end_ns, max(agents for _, _, agents in days))


def together(since_ns: int, events: Iterable[EventRow]) -> list[EventRow]:
    """Return the events that fall together with a change, nearest first, each kind once."""
    near = [one for one in events if _matters(one.kind) and abs(one.at_ns - since_ns) <= TOGETHER_NS]
    found: dict[str, EventRow] = {}
    for one in sorted(near, key=lambda one: (abs(one.at_ns - since_ns), one.kind)):
        found.setdefault(one.kind, one)
    return list(found.values())


def _matters(kind: str) -> bool:
    """Return whether events of a kind can make a way slower; one that was told by another version and is not on the list does not."""
    return kind in KINDS and KINDS[kind].cause in _OTHERS
