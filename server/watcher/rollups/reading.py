"""What people and programs ask of the rollups: rows, a whole range at once, what is usual, what has changed, a table as CSV.

Figures come from the history, distributions from the state database. Nothing is decided here, and one thing written: marks of hours that
somebody wants summed up again.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from server.history.port import History, Value
from server.state import rollups
from server.state.database import Database
from server.state.events import EventRow
from server.watcher.rollups.baseline import Usual, hours_before, usual_of
from server.watcher.rollups.changes import LOOK_BACK_NS, LOOKED_AT, Found, changes_of, together
from server.watcher.rollups.local_time import HOUR_NS, Stretch, hours_within, local
from server.watcher.rollups.tally import FIGURES, LASTING, Key, Tally, unpack
from server.watcher.rollups.watching import events_near

Grain = Literal["day", "hour"]
MEASUREMENTS: Final[Mapping[Grain, str]] = {"day": "rollup_day", "hour": "rollup_hour"}
COLUMNS: Final = ("site", "workload", "route", "window", "start_utc", "start_local", *FIGURES)
"""Of the CSV, in their order, for ever: new ones are added at the end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: [since, until) in Unix ns by their start; empty is any. Hours have no window."""

    grain: Grain
    since_ns: int
    until_ns: int
    site: str = ""
    workload: str = ""
    route: str = ""
    window: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One hour, or one window of a day, with the figures it has."""

    site: str
    workload: str
    route: str
    window: str
    start_ns: int
    figures: Mapping[str, Value]

    @property
    def place(self) -> tuple[int, str, str, str, str]:
        """Return where it stands among others: by time, then by name."""
        return self.start_ns, self.site, self.workload, self.route, self.window


async def rows_of(history: History, wanted: Wanted) -> list[Row]:
    """Return rows in their order. Raises Unavailable."""
    where = {name: value for name in ("site", "workload", "route", "window") if (value := getattr(wanted, name))}
    found: list[Row] = []
    asked = history.samples("mw_rollup", MEASUREMENTS[wanted.grain], list(FIGURES), where, wanted.since_ns, wanted.until_ns)
    async with aclosing(asked) as pieces:
        async for piece in pieces:
            tags = dict(piece[0].tags)
            site, workload, route, window = (tags.get(name, "") for name in ("site", "workload", "route", "window"))
            found += [Row(site, workload, route, window, point.time_ns, point.fields) for point in piece]
    return sorted(found, key=lambda row: row.place)


def csv_of(rows: Iterable[Row], zone_of: Callable[[str], ZoneInfo]) -> bytes:
    """Return rows as CSV in UTF-8: COLUMNS, times to the second with their offset, an empty cell for what cannot be said."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for row in rows:
        times = local(row.start_ns, ZoneInfo("UTC")).isoformat(), local(row.start_ns, zone_of(row.site)).isoformat()
        figures = [row.figures.get(name, "") for name in FIGURES]
        table.writerow([*(_harmless(name) for name in (row.site, row.workload, row.route)), row.window, *times, *figures])
    return text.getvalue().encode()


def _harmless(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in {"=", "+", "-", "@", "\t", "\r"} else name


async def whole_of(database: Database, wanted: Wanted) -> dict[Key, Tally]:
    """Return one site's days of one window as one tally for each key: percentiles of the whole range, by merging distributions."""
    async with database.reading() as transaction:
        days = await rollups.days(transaction, wanted.site, wanted.since_ns, wanted.until_ns, wanted.window)
    found: dict[Key, Tally] = {}
    for row in days:
        if wanted.workload in {"", row.workload} and wanted.route in {"", row.route}:
            found.setdefault(Key(row.workload, row.route), Tally()).merge(unpack(row.kept, LASTING))
    return dict(sorted(found.items()))


async def sites_with_days(database: Database) -> list[str]:
    """Return every site that has days, by name."""
    async with database.reading() as transaction:
        return [site for site, _ in await rollups.sites(transaction)]


async def usual_hours(database: Database, wanted: Wanted, zone: ZoneInfo) -> list[tuple[Stretch, Tally | None, Usual | None]]:
    """Return one key's hours in the range, each with what it had and what is usual at its time of the week."""
    hours = list(hours_within(wanted.since_ns, wanted.until_ns, zone))
    before = {hour.start_ns: hours_before(hour, zone) for hour in hours}
    starts = {hour.start_ns for hour in hours} | {one.start_ns for mine in before.values() for one in mine}
    async with database.reading() as transaction:
        rows = await rollups.hours_at(transaction, wanted.site, Key(wanted.workload, wanted.route), sorted(starts))
    known = {row.start_ns: unpack(row.kept, LASTING) for row in rows}
    found = []
    for hour in hours:
        earlier = [known[one.start_ns] for one in before[hour.start_ns] if one.start_ns in known]
        found.append((hour, known.get(hour.start_ns), usual_of(earlier)))
    return found


async def changes_at(database: Database, site: str, zone: ZoneInfo, now_ns: int) -> list[tuple[Found, Sequence[EventRow]]]:
    """Return what has changed at a site within twelve weeks, up or down, the largest first, each with the events of the same days."""
    async with database.reading() as transaction:
        rows = await rollups.days(transaction, site, now_ns - LOOK_BACK_NS, now_ns, LOOKED_AT)
        over = [row for row in rows if row.end_ns <= now_ns]
        found = [one for one in changes_of(over, zone).values() if one is not None]
        found.sort(key=lambda one: -abs(one.change.percent))
        return [(one, together(one.since_ns, await events_near(transaction, site, one.since_ns))) for one in found]


async def recompute(database: Database, site: str, since_ns: int, until_ns: int, now_ns: int) -> int:
    """Mark a site's hours in [since, until) as due; return how many."""
    hours = {(site, hour_ns) for hour_ns in range(since_ns // HOUR_NS * HOUR_NS, until_ns, HOUR_NS)}
    async with database.writing() as transaction:
        await rollups.mark(transaction, hours, now_ns)
    return len(hours)
