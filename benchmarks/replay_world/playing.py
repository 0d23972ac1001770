"""Plays a month: simulated time, the feeder, the real watcher on a real SQLite file, and what it told, read as it is told."""

import gc
import tempfile
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.replay_world.alerting import Alert, alerts, folding
from benchmarks.replay_world.feeding import Counts, Feeder
from benchmarks.replay_world.fleet import CADENCE, MINUTE, SECOND, START
from benchmarks.replay_world.inline import THREADLESS, called_in_line
from benchmarks.replay_world.world import Sent, World
from judge.knowledge.loader import load_knowledge
from server.fleet.maintenance import Window
from server.history.null import NullHistory
from server.state import devices, maintenance
from server.state.database import Database, open_database
from server.state.tables import event, inbox, run
from server.watcher.refreshing import StateReader
from server.watcher.site_duty import SiteDuty
from server.watcher.watcher import SWEEP_BATCH, SWEEP_NS, Watcher
from server.watcher.watching import Watching

FAST = Path("/dev/shm")  # noqa: S108 - the state database is real; the disk is not what is measured here
FINE, COARSE = MINUTE, 5 * MINUTE
"""How far simulated time goes at once: finely for an hour after a true device comes, so that a second report is told from a first."""
WATCHFUL = 60 * MINUTE
IDLE = 60 * MINUTE
"""A look although nothing happened."""
LOOK = 15 * MINUTE
"""How often agents and sites are looked at where nothing is the matter: in life every few seconds. At every five minutes it was a third of
what a world of three days cost (profiled)."""
SITES = 60 * MINUTE
"""How often ways out and sites' words are looked at: in life every minute, which reads the rows of the whole fleet."""
WATCHED = 50 * SECOND
"""The same when an outage begins, and when the first planned work of a site does: a watcher that looked away for a minute believes that
itself was away, and calls nobody silent for the time before."""
SILENCE = 45 * MINUTE
"""How long that lasts: whoever is silent is told by then (after five cadences), and how things go on is seen at the usual looks."""
SWEEP = 180 * MINUTE
"""Between two sweeps, unless a true device has just come: then the watcher's own ten minutes. A sweep looks at every device anywhere, and
4,300 of them would be all that the benchmark measures."""

SELDOM = 50_000, 20, 20
"""Objects made before the garbage collector looks at the youngest, and so many times before it looks at older ones."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it was told, with the keys its device had then."""

    kind: str
    severity: str
    device: str
    scope: str
    episode: int
    at_ns: int
    told_ns: int
    sentence: str
    keys: frozenset[str]


@dataclass(slots=True)
class Played:
    """What a month came to."""

    told: list[Told] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    decisions: int = 0
    steps: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    runs: int = 0
    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    counts: Counts = field(default_factory=Counts)


class _Clock:
    def __init__(self) -> None:
        self.now_ns = START

    def __call__(self) -> int:
        return self.now_ns


def fast_folder() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder in memory where there is one."""
    return tempfile.TemporaryDirectory(dir=FAST if FAST.is_dir() else None)


@contextmanager
def _apart() -> Iterator[None]:
    """Keep the garbage collector out of the world, which no watcher has, and seldom at work: it was a sixth of the time (measured)."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


async def play(world: World, say: Callable[[str], None] = lambda _text: None) -> Played:
    """Play a month and return what was told."""
    played, started, cpu = Played(), time.perf_counter(), time.process_time()
    moments = ticks(world)
    with fast_folder() as name, called_in_line(), _apart():
        database = await open_database(f"sqlite+aiosqlite:///{name}/state.db{THREADLESS}")
        try:
            await _Play(world, database, played).run(moments, say)
        finally:
            await database.close()
    played.seconds, played.cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    return played


class _Play:
    def __init__(self, world: World, database: Database, played: Played) -> None:
        self._world, self._database, self._played = world, database, played
        self._clock = _Clock()
        self._feeder = Feeder(world, database)
        self._watcher = Watcher(database, None, "replay", self._clock, None, world.fleet.registry())
        knowledge = load_knowledge()
        self._duty = Watching(world.fleet.registry(), lambda: knowledge)
        self._watched = watched_times(world)
        self._folding = folding(world.fleet.registry())
        states = StateReader(database, NullHistory(), world.fleet.registry(), lambda: knowledge)
        self._sites = SiteDuty(states.read, NullHistory(), world.fleet.registry(), lambda: knowledge)
        self._sites_ns = START
        self._looked_ns = START
        self._slow = [(one.start_ns, 3 * WATCHFUL) for one in world.truths if one.statistical]
        self._slow += [(at.start_ns, WATCHFUL) for one in world.truths for _, at in one.plan if at.root]
        self._swept_ns = 0
        self._listener = Listener(database)

    async def run(self, moments: Iterable[tuple[int, Sequence[Sent]]], say: Callable[[str], None]) -> None:
        """Play it from beginning to end."""
        await self._prepare()
        day = 0
        for at_ns, batch in moments:
            self._clock.now_ns = at_ns
            await self._tick(batch)
            if (at_ns - START) // (24 * 60 * MINUTE) > day:
                day += 1
                say(f"day {day}: {self._played.decisions} decisions, {len(self._played.told)} events")
        async with self._database.reading() as transaction:
            self._played.runs = int((await transaction.execute(select(func.count()).select_from(run))).scalar_one())
            self._played.alerts = await alerts(transaction)
            left = int((await transaction.execute(select(func.count()).select_from(inbox))).scalar_one())
        assert not left, f"{left} inbox rows undecided"
        self._played.counts = self._feeder.counts

    async def _prepare(self) -> None:
        await self._feeder.introduce(START)
        async with self._database.writing() as transaction:
            for one in self._world.noise.maintained:
                await maintenance.add(transaction, Window(one.places[0], one.start_ns, one.end_ns, "planned work", "replay"), START)

    async def _tick(self, batch: Sequence[Sent]) -> None:
        spent, began = self._played.spent, time.perf_counter()
        places = await self._feeder.take(batch, self._clock.now_ns) if batch else set()
        spent["feed"] -= began - (began := time.perf_counter())
        self._watcher.sweep_ns = SWEEP_NS if self._fresh() else SWEEP
        sweeps = self._clock.now_ns - self._swept_ns >= self._watcher.sweep_ns
        rounds = 1
        if sweeps:
            self._swept_ns = self._clock.now_ns
            async with self._database.reading() as transaction:
                standing = await devices.not_retired(transaction)
            places |= {place for _, place in standing}
            rounds += len(standing) // SWEEP_BATCH + 1
        await self._feeder.extend(places, self._clock.now_ns)
        spent["extend"] -= began - (began := time.perf_counter())
        while rounds > 0:
            decided = await self._watcher.step()
            self._played.decisions += decided
            self._played.steps += 1
            rounds -= not decided
        spent["watch"] -= began - (began := time.perf_counter())
        watched = any(start <= self._clock.now_ns < until for start, until in self._watched)
        if watched or self._clock.now_ns - self._looked_ns >= LOOK:
            self._looked_ns = self._clock.now_ns
            await self._feeder.heard(self._clock.now_ns)
            await self._duty.step(self._watcher._lead)  # noqa: SLF001 - its tasks give a duty the same
        spent["duty"] -= began - (began := time.perf_counter())
        if self._clock.now_ns - self._sites_ns >= SITES:
            self._sites_ns = self._clock.now_ns
            await self._sites.step(self._watcher._lead)  # noqa: SLF001
        spent["sites"] -= began - (began := time.perf_counter())
        await self._folding.step(self._watcher._lead)  # noqa: SLF001
        spent["fold"] -= began - (began := time.perf_counter())
        self._played.told += await self._listener.news(self._clock.now_ns)
        spent["listen"] -= began - time.perf_counter()

    def _fresh(self) -> bool:
        """Return whether a true device that only time confirms, or that a guard holds back, has come within the last hours."""
        return any(0 <= self._clock.now_ns - at < long for at, long in self._slow)


class Listener:
    """Reads events as they are told."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last = 0

    async def news(self, now_ns: int) -> list[Told]:
        """Return what was told since the last look."""
        async with self._database.reading() as transaction:
            rows = (await transaction.execute(select(event).where(event.c.id > self._last).order_by(event.c.id))).all()
            keys = await devices.keys_of(transaction, {row.device for row in rows if row.device}) if rows else {}
        found = []
        for row in rows:
            named = frozenset(f"{kind}:{value}" for kind, value in keys.get(row.device, ()))
            found.append(Told(row.kind, row.severity, row.device, row.scope, row.episode, row.at_ns, now_ns, row.sentence, named))
            self._last = row.id
        return found


def fine_times(world: World) -> list[tuple[int, int]]:
    """Return the stretches of time after something true came or went, in order."""
    moments = sorted({at for truth in world.truths for _, one in truth.plan for at in (one.start_ns, one.end_ns)})
    return [(at, at + WATCHFUL) for at in moments if at < world.fleet.end_ns]


def watched_times(world: World) -> list[tuple[int, int]]:
    """Return the stretches of time in which agents and sites are looked at as closely as in life."""
    first = {one.places: one for one in reversed(world.noise.maintained)}
    begun = [one.start_ns for one in [*world.noise.outages, *first.values()]]
    return [(at - CADENCE, min(at + SILENCE + 2 * CADENCE, world.fleet.end_ns)) for at in begun]


def ticks(world: World) -> list[tuple[int, list[Sent]]]:
    """Return the moments to look at, each with the reports stored since the one before."""
    fine: list[Iterable[int]] = [range(start // FINE * FINE, until, FINE) for start, until in fine_times(world)]
    watched = {at for start, until in watched_times(world) for at in range(start, until, WATCHED)}
    fine.append(watched)
    found: dict[int, list[Sent]] = {at: [] for at in [*range(START + IDLE, world.fleet.end_ns, IDLE), *watched]}
    moments = sorted({*range(START + COARSE, world.fleet.end_ns + 2 * COARSE, COARSE), *(at for one in fine for at in one)})
    for one in world.sent():
        found.setdefault(moments[bisect_left(moments, one.at_ns)], []).append(one)
    return sorted(found.items())
