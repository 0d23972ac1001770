"""Watchers killed with SIGKILL at seeded moments, two at once, clocks that step: the same events and rollups as undisturbed.

The history they decide is a small replayed company (`benchmarks/replay_world/`), fed by the collector's own keeper; every life ends while
it is deciding, sweeping, delivering or summing up, wherever the moment falls.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from benchmarks.replay_world.feeding import Feeder
from benchmarks.replay_world.fleet import HOUR, MINUTE, REMOTE, START
from benchmarks.replay_world.playing import fast_folder, ticks
from benchmarks.replay_world.truths import SHORT
from benchmarks.replay_world.world import Size, World, make_world
from server.history.embedded import Embedded
from server.state import rollups
from server.state.database import Database
from server.state.tables import device_key, event, inbox, presence
from server.watcher.rollups.tally import FIGURES
from tests.fakes.moments import ns
from tests.fakes.probes_stored import probes
from tests.lab.lives import Lives, company

pytestmark = pytest.mark.kill
SMALL = Size(3, 3, tuple(SHORT[index] for index in (1, 2, 4)))
"""A firewall, one that comes back, and statistical evidence, at three sites."""
EVENT_KILLS, ROLLUP_KILLS = 35, 15
LONGEST_MOMENT_S = 0.03
"""Most ticks take less: the moment falls before, into and after the work alike."""
NIGHTS = {"Berlin": "Europe/Berlin", "New York": "America/New_York", "St. John's": "America/St_Johns"}
"""Clocks go back on 25 October 2026 in the first, on 1 November in the others, the last half an hour off the hour."""
SPANS = {
    "Berlin": (ns("2026-10-24T22:00"), ns("2026-10-25T23:00")),
    "New York": (ns("2026-11-01T04:00"), ns("2026-11-02T05:00")),
    "St. John's": (ns("2026-11-01T02:30"), ns("2026-11-02T03:30")),
}
"""Each one's long day, midnight to midnight."""
OVER = ns("2026-11-02T12:00")
SEED = 5


Disturb = Callable[[Lives, int], Awaitable[None]]


async def lived(folder: Path, world: World, disturb: Disturb, holders: Sequence[str] = ("watcher",)) -> list[object]:
    """Feed a history to watchers and return all that came of it, without what is by chance: ids, and when it was noticed."""
    async with company(folder, {site.name: site.zone for site in world.fleet.sites}, START) as (database, lives):
        feeder = Feeder(world, database)
        await feeder.introduce(START)
        for holder in holders:
            lives.start(holder)
        for tick, (at_ns, batch) in enumerate(ticks(world), 1):
            await feeder.take(batch, at_ns)
            await feeder.extend({REMOTE, *(site.name for site in world.fleet.sites)}, at_ns)
            lives.set(tick, at_ns)
            await disturb(lives, tick)
            for holder in list(lives.running):
                await lives.done(holder)
        return await outcome(database)


async def outcome(database: Database) -> list[object]:
    """Return events and presences with devices by their keys; nothing may be undecided."""
    async with database.reading() as transaction:
        assert (await transaction.execute(select(inbox.c.id))).first() is None
        names: dict[str, list[str]] = {}
        for row in await transaction.execute(select(device_key).order_by(device_key.c.kind, device_key.c.value)):
            names.setdefault(row.device, []).append(f"{row.kind}:{row.value}")
        events = [
            (row.kind, row.severity, names.get(row.device), row.scope, row.episode, row.at_ns)
            for row in await transaction.execute(select(event))
        ]
        present = [(names[row.device], row.place, row.state, row.episode) for row in await transaction.execute(select(presence))]
    return [sorted(events, key=repr), sorted(present, key=repr)]


async def undisturbed(_lives: Lives, _tick: int) -> None:
    """Do nothing."""


class Killing:
    """Kills a watcher at some of the ticks, each time at another moment of its work, and starts the next one."""

    def __init__(self, chance: random.Random, moments: int, kills: int) -> None:
        self._chance = chance
        self._chosen = set(chance.sample(range(1, moments + 1), kills))
        self.amid = 0

    async def __call__(self, lives: Lives, tick: int) -> None:
        """Kill at a chosen tick."""
        if tick in self._chosen:
            await asyncio.sleep(self._chance.uniform(0, LONGEST_MOMENT_S))
            self.amid += not lives.is_done()
            lives.kill()
            lives.start()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give an empty folder: a killed process loses nothing in memory, and thousands of commits are quick there."""
    with fast_folder() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def world() -> World:
    """Give the history all watch."""
    return make_world(SEED, SMALL)


@pytest.fixture(scope="module")
def expected(world: World) -> list[object]:
    """Give what comes of it undisturbed."""
    with fast_folder() as folder:
        outcome = asyncio.run(lived(Path(folder), world, undisturbed))
    assert {row[0] for row in outcome[0]} >= {"appeared", "left", "returned"}  # type: ignore[attr-defined]
    return outcome


async def test_killed_again_and_again(world: World, expected: list[object], seed: int, folder: Path) -> None:
    """A watcher killed while it decides, sweeps and delivers: its successors tell the same events, and leave the same presences."""
    killing = Killing(random.Random(seed), len(ticks(world)), EVENT_KILLS)
    assert await lived(folder, world, killing) == expected
    assert killing.amid


async def test_two_at_once(world: World, expected: list[object], folder: Path) -> None:
    """Two watchers that both want to decide tell what one tells; each takes over when the other dies."""

    async def take_turns(lives: Lives, tick: int) -> None:
        if tick % 50 == 0:
            victim = "watcher" if tick % 100 else "other"
            lives.kill(victim)
            lives.start(victim)

    assert await lived(folder, world, take_turns, ("watcher", "other")) == expected


async def test_clock_steps(world: World, expected: list[object], folder: Path) -> None:
    """A watcher whose clock is an hour ahead, then right, then an hour behind, tells the same events: it decides by measured times."""
    third = len(ticks(world)) // 4

    async def step(lives: Lives, tick: int) -> None:
        if tick % third == 0:
            lives.kill()
            lives.start(ahead_s=(0, 3600, 0, -3600)[tick // third % 4])

    assert await lived(folder, world, step) == expected


async def nights(folder: Path, disturb: Disturb) -> list[object]:
    """Sum up the nights in which clocks go back, hour by hour as they become due; return points and sketches."""
    async with company(folder, NIGHTS, START) as (database, lives):
        history = Embedded(folder / "history.db", clock=lambda: OVER)
        for site, (start_ns, end_ns) in SPANS.items():
            assert not await history.write("mw_raw", list(probes(site, "agent-1", start_ns, end_ns, step_ns=4 * MINUTE)))
        lives.set(0, min(start for start, _ in SPANS.values()))
        lives.start()
        first = min(start for start, _ in SPANS.values())
        for tick, now_ns in enumerate(range(first, OVER, 2 * HOUR), 1):
            async with database.writing() as transaction:
                touched = {(site, at) for site, (start, end) in SPANS.items() for at in (now_ns, now_ns + HOUR) if start <= at < end}
                await rollups.mark(transaction, touched, now_ns)
            lives.set(tick, now_ns + 6 * HOUR)
            await disturb(lives, tick)
            await lives.done()
        found: list[object] = []
        async with database.reading() as transaction:
            for site in NIGHTS:
                found += [await rollups.hours(transaction, site, 0, 2 * OVER), await rollups.days(transaction, site, 0, 2 * OVER)]
        for measurement in ("rollup_hour", "rollup_day"):
            points = history.samples("mw_rollup", measurement, list(FIGURES), {}, 0, 2 * OVER)
            found.append(sorted([point async for piece in points for point in piece], key=repr))
        await history.close()
        return found


async def test_killed_in_the_nights_when_clocks_go_back(seed: int, folder: Path) -> None:
    """In three zones the night has an hour more, and a watcher killed while it sums up leaves the same points and the same sketches."""
    with fast_folder() as other:
        calm = await nights(Path(other), undisturbed)
    killing = Killing(random.Random(seed), (OVER - min(start for start, _ in SPANS.values())) // (2 * HOUR), ROLLUP_KILLS)
    assert await nights(folder, killing) == calm
    assert killing.amid
    for hours in calm[0:6:2]:
        assert len({row.start_ns for row in hours}) == 25  # type: ignore[attr-defined]
