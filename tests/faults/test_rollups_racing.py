"""Clocks an hour off, two watchers at once, and SIGKILL among it, while reports come in: the same rollups as undisturbed.

The nights are those in which the clocks go back in three zones. Points are stored as time goes and marked by the collector's own rule, so
an hour summed up too early lacks what comes later, and keeps lacking it unless somebody sums it up again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from benchmarks.replay_world.playing import fast_folder
from server.collector.marks import HourMarks
from server.fleet.registry import Registry, Site
from server.history.embedded import Embedded
from server.history.port import Point
from server.state import rollups
from server.state.database import Database
from server.watcher.leading import Leadership
from server.watcher.rollups.duty import RollupDuty
from server.watcher.rollups.local_time import HOUR_NS
from server.watcher.rollups.tally import FIGURES
from tests.fakes.moments import ns
from tests.fakes.probes_stored import MINUTE_NS, probes
from tests.fakes.state import fresh
from tests.lab.lives import Lives, company

pytestmark = pytest.mark.kill
BUSY = "Porto"
"""A site that reports all the time, as some site of a company does."""
ZONES = {BUSY: "Europe/Lisbon", "Berlin": "Europe/Berlin", "New York": "America/New_York", "St. John's": "America/St_Johns"}
NIGHTS = {"Berlin": ns("2026-10-24T23:00"), "New York": ns("2026-11-01T03:00"), "St. John's": ns("2026-11-01T02:30")}
"""Some hours before the clocks go back, in the last half an hour off the hour."""
HOURS = 7
TICK_NS = 20 * MINUTE_NS
FIRST_NS = TICK_NS - MINUTE_NS
"""Moments are a minute before the full hour and 20 and 40 minutes before that: no report of an hour comes by chance when it is over."""
LATE_NS = 50 * MINUTE_NS
"""How much later than measured the second agent's reports come, most after their hour is over; it is there for the first hours only,
because whatever comes late has its hour summed up again."""
LATE_HOURS = 2
AFTER_TICKS = 12
"""Four hours in which only the busy site reports and all clocks are right: by then everything is due."""
OFF_S = 3600.0
LONGEST_MOMENT_S = 0.03
OVER = ns("2026-11-02T12:00")


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment, and what a collector stores then."""

    now_ns: int
    points: tuple[Point, ...]


def ticks() -> list[Tick]:
    """Return the nights in their order, moment by moment."""
    found: list[Tick] = []
    for starts in ((NIGHTS["Berlin"],), (NIGHTS["St. John's"], NIGHTS["New York"])):
        moments = range(min(starts) // HOUR_NS * HOUR_NS + FIRST_NS, max(starts) + HOURS * HOUR_NS + AFTER_TICKS * TICK_NS, TICK_NS)
        come = [one for site, start in NIGHTS.items() if start in starts for one in arrivals(site, start)]
        found += [Tick(now_ns, tuple(point for at_ns, point in come if now_ns - TICK_NS <= at_ns < now_ns)) for now_ns in moments]
    return found


def arrivals(site: str, start_ns: int) -> list[tuple[int, Point]]:
    """Return what two agents measure at a site in its night, and when it comes."""
    found = []
    for agent, hours, late_ns in (("a1", HOURS, 0), ("a2", LATE_HOURS, LATE_NS)):
        measured = probes(site, agent, start_ns, start_ns + hours * HOUR_NS, step_ns=5 * MINUTE_NS)
        found += [(point.time_ns + late_ns, point) for point in measured]
    return found


@dataclass(frozen=True, slots=True)
class Report:
    """What the marks ask of one."""

    site: str
    points: list[Point]


class Collector:
    """Stores what comes, as `server/collector/pipeline.py` does: points first, then the marks, by its own clock."""

    def __init__(self, database: Database, history: Embedded) -> None:
        self._database, self._history = database, history
        self._marks = HourMarks()

    async def store(self, points: Sequence[Point], now_ns: int) -> None:
        """Store them and mark their hours."""
        assert await self._history.write("mw_raw", points) == []
        reports = [Report(site, [one for one in points if ("site", site) in one.tags]) for site in ZONES]
        async with self._database.writing() as transaction:
            await self._marks.take(transaction, reports, now_ns)
        self._marks.committed()


Disturb = Callable[[Lives, int], Awaitable[float]]
"""Does something to the watchers at the tick of this number; returns how far the collector's clock is ahead, in seconds."""


async def lived(folder: Path, disturb: Disturb, holders: Sequence[str] = ("watcher",)) -> list[object]:
    """Store the nights as they pass, with watchers summing up; return all rollups."""
    moments = ticks()
    async with company(folder, ZONES, moments[0].now_ns) as (database, lives):
        history = Embedded(folder / "history.db", clock=lambda: OVER)
        collector = Collector(database, history)
        for holder in holders:
            lives.start(holder)
        for number, moment in enumerate(moments):
            ahead_s = await disturb(lives, number)
            busy = probes(BUSY, "b1", moment.now_ns - MINUTE_NS, moment.now_ns)
            await collector.store([*moment.points, *busy], moment.now_ns + int(ahead_s * 1e9))
            lives.set(number, moment.now_ns)
            for holder in list(lives.running):
                await lives.done(holder)
        return await kept(database, history)


async def kept(database: Database, history: Embedded) -> list[object]:
    """Return every row and point of those nights."""
    found: list[object] = []
    async with database.reading() as transaction:
        for site in NIGHTS:
            found += [await rollups.hours(transaction, site, 0, OVER), await rollups.days(transaction, site, 0, OVER)]
    for site in NIGHTS:
        for measurement in ("rollup_hour", "rollup_day"):
            pieces = history.samples("mw_rollup", measurement, list(FIGURES), {"site": site}, 0, OVER)
            found.append(sorted([point async for piece in pieces for point in piece], key=repr))
    await history.close()
    return found


async def at_once(folder: Path) -> list[object]:
    """Sum the same nights up when all is there, in one go; return all rollups."""
    database, history = await fresh(folder), Embedded(folder / "history.db", clock=lambda: OVER)
    points = [point for moment in ticks() for point in moment.points]
    assert await history.write("mw_raw", points) == []
    async with database.writing() as transaction:
        await rollups.mark(transaction, {(dict(one.tags)["site"], one.time_ns // HOUR_NS * HOUR_NS) for one in points}, 0)
    lead = Leadership(database, "watcher", lambda: OVER)
    assert await lead.lead()
    await RollupDuty(database, history, Registry({name: Site(name, zone=zone) for name, zone in ZONES.items()})).step(lead)
    found = await kept(database, history)
    await database.close()
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give an empty folder: a killed process loses nothing in memory."""
    with fast_folder() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def expected() -> list[object]:
    """Give what must come of it."""
    with fast_folder() as name:
        found = asyncio.run(at_once(Path(name)))
    assert all(found)
    return found


class Stepping:
    """Clocks that are right, an hour ahead or an hour behind, for as long as chance will; right again at the end."""

    def __init__(self, chance: random.Random, *, collector: bool) -> None:
        self._chance, self._collector = chance, collector
        self._last = len(ticks()) - AFTER_TICKS
        self._ahead_s = 0.0
        self.steps = 0

    async def __call__(self, lives: Lives, number: int) -> float:
        """Step the clocks now and then."""
        wanted = self._chance.choice((0.0, OFF_S, -OFF_S)) if number < self._last and self._chance.random() < 0.4 else self._ahead_s
        wanted = 0.0 if number == self._last else wanted
        if wanted != self._ahead_s:
            self._ahead_s = wanted
            self.steps += 1
            lives.kill()
            lives.start(ahead_s=wanted)
        return self._ahead_s if self._collector else 0.0


@pytest.mark.parametrize("whose", ["the watcher's", "the whole centre's"])
async def test_clock_steps(expected: list[object], seed: int, folder: Path, whose: str) -> None:
    """Whether the clock of the watcher steps, or the one it shares with the collector: in the end every hour is summed up whole."""
    stepping = Stepping(random.Random(seed), collector=whose == "the whole centre's")
    assert await lived(folder, stepping) == expected
    assert stepping.steps > 5


async def test_two_an_hour_apart_killed_again_and_again(expected: list[object], seed: int, folder: Path) -> None:
    """Two watchers whose clocks are an hour apart take the lease from each other and are killed amid it: the same rollups."""
    chance = random.Random(seed)
    names, last, killed = ("watcher", "other"), len(ticks()) - AFTER_TICKS, []

    async def kill(lives: Lives, number: int) -> float:
        if number and chance.random() < 0.5:
            victim = chance.choice(names)
            await asyncio.sleep(chance.uniform(0, LONGEST_MOMENT_S))
            killed.append(lives.is_done(victim))
            lives.kill(victim)
            lives.start(victim, chance.choice((0.0, OFF_S, -OFF_S)) if number < last else 0.0)
        return 0.0

    assert await lived(folder, kill, names) == expected
    assert len(killed) > 10
