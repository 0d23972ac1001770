"""Sums up what is due: reads raw points, writes hours and days to the history, keeps their sketches, takes the marks away. In that order.

An hour is always summed up whole from raw points, so doing it again changes nothing, wherever it was cut short. Only the holder of the
lease keeps sketches; one that lost it meanwhile may have written older figures over newer ones, so it marks its hours again.
"""

import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from server.fleet.hours import WORK_WEEK, BusinessHours
from server.fleet.registry import Registry
from server.fleet.zones import zone_of
from server.history.port import History, Point, Unavailable
from server.history.retention import DAY_S, RETENTION_S, oldest_ns
from server.state import lease, rollups
from server.state.database import Database
from server.state.rollups import DayRow, HourRow
from server.watcher.leading import Leadership
from server.watcher.rollups.days import day_of
from server.watcher.rollups.due import GRACE_NS, Due, due_of
from server.watcher.rollups.gathering import FIELDS, Gathering
from server.watcher.rollups.local_time import HOUR_NS, Stretch, day_at
from server.watcher.rollups.points import day_point, hour_point
from server.watcher.rollups.tally import LASTING, PASSING, Key, Tally, pack, unpack

DAY_NS: Final = DAY_S * 10**9
PASSING_NS: Final = 16 * DAY_NS
"""How long phases are kept that only days need: two days longer than the raw points that can still change one of a day's hours."""
HOURS_NS: Final = 90 * DAY_NS
DAYS_NS: Final = 762 * DAY_NS
"""25 months, as the history keeps the figures."""
MOST_MARKS: Final = 20_000
MOST_HOURS: Final = 24
"""Hours of one site between two looks at the lease: a day's backlog of a site of ten agents takes about half a second."""
TIDY_NS: Final = 3600 * 10**9
_log = logging.getLogger(__name__)

Hours = dict[Stretch, Mapping[Key, Tally]]


@dataclass(slots=True)
class Summed:
    """What one portion of work has come to: points for the history, rows for the state database."""

    points: list[Point] = field(default_factory=list)
    hours: list[HourRow] = field(default_factory=list)
    days: list[DayRow] = field(default_factory=list)
    day_stretches: list[Stretch] = field(default_factory=list)


class RollupDuty:
    """Hours and days of all sites, as they become due."""

    name = "rollups"
    every_s = 30.0

    def __init__(self, database: Database, history: History, registry: Registry) -> None:
        self._database = database
        self._history = history
        self._registry = registry
        self._tidied_ns = 0

    async def step(self, lead: Leadership) -> None:
        """Sum up all that is due now. Raises Unavailable when the history does not answer, for one site at the end."""
        async with self._database.reading() as transaction:
            marks = await rollups.marks(transaction, lead.now() - HOUR_NS - GRACE_NS, MOST_MARKS)
        trouble = ""
        for due in due_of(marks, self._zone, lead.now(), MOST_HOURS):
            try:
                await self._do(due, lead)
            except ValueError as error:  # the store cannot answer this (a limit of its own): the other sites must not wait for that
                trouble = trouble or f"rollups of {due.site} wait: {error}"
        if lead.now() - self._tidied_ns >= TIDY_NS:
            self._tidied_ns = lead.now()
            async with lead.writing() as transaction:
                await rollups.tidy(transaction, *(lead.now() - kept_ns for kept_ns in (PASSING_NS, HOURS_NS, DAYS_NS)))
        if trouble:
            raise Unavailable("refused", trouble, self.every_s)

    async def _do(self, due: Due, lead: Leadership) -> None:
        """Sum up one portion. Raises LeaseLost after marking it again, for whoever leads now."""
        whole = [hour for hour in due.hours if hour.start_ns >= _oldest_whole_ns(lead.now())]
        if len(whole) < len(due.hours):
            _log.warning(
                "rollups: %d hours of %s are older than raw points are kept and stay as they are", len(due.hours) - len(whole), due.site
            )
        hours: Hours = {hour: await self._gather(due.site, hour) for hour in whole}
        summed = await self._sum(due.site, hours)
        for one in await self._history.write("mw_rollup", summed.points) if summed.points else []:
            _log.error("the history store refused a rollup of %s (%s: %s)", due.site, one.reason, one.message)
        try:
            async with lead.writing() as transaction:
                await rollups.replace_hours(transaction, due.site, hours, summed.hours)
                await rollups.replace_days(transaction, due.site, summed.day_stretches, summed.days)
                await rollups.unmark(transaction, due.marks)
        except lease.LeaseLost:
            async with self._database.writing() as transaction:
                await rollups.mark(transaction, {(due.site, hour.start_ns // HOUR_NS * HOUR_NS) for hour in hours}, lead.now())
            raise

    async def _gather(self, site: str, hour: Stretch) -> Mapping[Key, Tally]:
        gathering = Gathering()
        for measurement, fields in FIELDS.items():
            wanted = self._history.samples("mw_raw", measurement, fields, {"site": site}, hour.start_ns, hour.end_ns)
            async with aclosing(wanted) as pieces:
                async for piece in pieces:
                    gathering.take(piece)
        return gathering.done()

    async def _sum(self, site: str, hours: Hours) -> Summed:
        """Return the rows and points of these hours, and of the days they are in with all their other hours."""
        summed = Summed()
        for hour, tallies in hours.items():
            for key, tally in tallies.items():
                summed.points.append(hour_point(site, key, hour.start_ns, tally))
                summed.hours.append(HourRow(site, *hour, *key, pack(tally, LASTING), pack(tally, PASSING)))
        for day in sorted({day_at(hour.start_ns, self._zone(site)) for hour in hours}):
            summed.day_stretches.append(day)
            for (key, window), tally in day_of(await self._hours_of(site, day, hours), self._zone(site), self._business(site)).items():
                summed.points.append(day_point(site, key, window, day.start_ns, tally))
                summed.days.append(DayRow(site, *day, *key, window, pack(tally, LASTING)))
        return summed

    async def _hours_of(self, site: str, day: Stretch, fresh: Hours) -> list[tuple[int, Mapping[Key, Tally]]]:
        """Return all hours of a day, oldest first: those just summed up, the others as they are kept."""
        async with self._database.reading() as transaction:
            rows = await rollups.hours(transaction, site, *day)
        known: dict[int, dict[Key, Tally]] = {}
        for row in rows:
            if not any(hour.start_ns < row.end_ns and row.start_ns < hour.end_ns for hour in fresh):
                known.setdefault(row.start_ns, {})[Key(row.workload, row.route)] = tally_of(row)
        mine = {hour.start_ns: tallies for hour, tallies in fresh.items() if day.start_ns <= hour.start_ns < day.end_ns}
        return sorted((known | mine).items())

    def _zone(self, site: str) -> ZoneInfo:
        known = self._registry.sites.get(site)
        return zone_of(known.zone if known else "UTC")

    def _business(self, site: str) -> BusinessHours:
        known = self._registry.sites.get(site)
        return known.hours if known else WORK_WEEK


def tally_of(row: HourRow) -> Tally:
    """Return what an hour's row keeps."""
    tally = unpack(row.kept, LASTING)
    if row.passing:
        tally.sketches |= unpack(row.passing, PASSING).sketches
    return tally


def _oldest_whole_ns(now_ns: int) -> int:
    """Return the time from which on the history surely has all raw points (Unix ns): an hour cut by their end would lose what it has."""
    gone_ns = oldest_ns(RETENTION_S["mw_raw"], now_ns)
    return 0 if gone_ns is None else gone_ns + HOUR_NS
