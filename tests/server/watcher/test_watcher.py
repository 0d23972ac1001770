"""Who may decide, and when: lease, takeover, two watchers, restart in the middle, sweep, the loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.history.port import Bucket, Point, Rejected
from server.state import lease
from server.state.database import Database
from server.state.tables import event, outbox
from server.watcher.devices import RETIRE_NS, SILENT_NS
from server.watcher.leading import LEASE, LEASE_NS
from server.watcher.watcher import SWEEP_BATCH, SWEEP_NS, Watcher
from tests.fakes import sightings
from tests.fakes.history import ScriptedHistory
from tests.fakes.sightings import HOST, MINUTE, SECOND, START, Rounds, Seen

BOX: Mapping[str, Seen] = {HOST: sightings.finding(by=sightings.device("instance:1"))}
CLEAN: Mapping[str, Seen] = {HOST: "clean"}


class Clock:
    """Unix nanoseconds, moved by hand."""

    def __init__(self) -> None:
        self.ns = START

    def __call__(self) -> int:
        """Return the time."""
        return self.ns


class Store(ScriptedHistory):
    """A history store that says when something arrived."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "history.db", lambda: START)
        self.arrived = asyncio.Event()

    async def write(self, bucket: Bucket, points: Sequence[Point]) -> list[Rejected]:
        """Store, then say so."""
        rejected = await super().write(bucket, points)
        self.arrived.set()
        return rejected


async def insert_device(database: Database, clock: Clock, agent: str = "a") -> None:
    """Let two clean rounds and two with a device pass."""
    rounds = Rounds(database)
    for seen in (CLEAN, CLEAN, BOX, BOX):
        await rounds.see(agent, clock.ns, seen)
        clock.ns += MINUTE


async def test_two_watchers_tell_one_event(database: Database) -> None:
    """The second stands by while the first decides, and finds nothing left."""
    clock = Clock()
    first, second = Watcher(database, None, "first", clock), Watcher(database, None, "second", clock)
    await insert_device(database, clock)
    assert await first.step() == 4  # opened and grown, clean and inspected
    assert await second.step() == 0
    assert (first.active, second.active) == (True, False)
    assert await sightings.told(database) == [("appeared", "Frankfurt", 1, "P2")]


async def test_takeover_after_expiry(database: Database) -> None:
    """A dead watcher is replaced when its lease is over and not a moment before; alive again, it stands by and decides nothing."""
    clock = Clock()
    first, second = Watcher(database, None, "first", clock), Watcher(database, None, "second", clock)
    await first.step()
    await insert_device(database, clock := Clock())
    first._lead.now = second._lead.now = clock
    clock.ns = START + LEASE_NS - 1
    assert await second.step() == 0
    clock.ns += 1
    assert await second.step() == 4
    assert await first.step() == 0
    assert (first.active, second.active) == (False, True)


async def test_the_old_epoch_cannot_decide(database: Database) -> None:
    """A watcher that believes in its lease after another took it (a stopped process, a slow clock) fails in its transaction."""
    clock, slow = Clock(), Clock()
    first, second = Watcher(database, None, "first", slow), Watcher(database, None, "second", clock)
    await first.step()
    await insert_device(database, clock)
    async with database.writing() as transaction:
        assert await lease.take(database, transaction, LEASE, "second", START + LEASE_NS, START + 9 * LEASE_NS, 0) == 2
    assert await first.step() == 0
    assert not first.active
    assert await sightings.told(database) == []
    assert await sightings.waiting(database) == 4
    assert await second.step() == 4


async def test_the_lease_is_renewed_in_time(database: Database) -> None:
    """A watcher that goes on keeps its lease and its epoch."""
    clock = Clock()
    first, second = Watcher(database, None, "first", clock), Watcher(database, None, "second", clock)
    for _ in range(20):
        await first.step()
        assert (first.active, await second.step(), second.active) == (True, 0, False)
        clock.ns += LEASE_NS // 2
    assert first._lead._epoch == 1


class Dying(Database):
    """A database whose process dies before the commit of one transaction that decides."""

    dies = True

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Give a transaction; the first that told something is lost."""
        async with super().writing() as connection:
            yield connection
            if self.dies and (await connection.execute(select(event.c.id))).first():
                self.dies = False
                raise RuntimeError("killed")


async def test_a_restart_in_the_middle_changes_nothing(database: Database) -> None:
    """Killed between decision and commit: inbox, presence, event and outbox are as before, and the next life tells it once."""
    clock = Clock()
    await insert_device(database, clock)
    with pytest.raises(RuntimeError):
        await Watcher(Dying(database.engine), None, "w", clock).step()
    assert (await sightings.told(database), await sightings.standing(database), await sightings.waiting(database)) == ([], {}, 4)
    assert await Watcher(database, None, "w", clock).step() == 4
    assert await sightings.told(database) == [("appeared", "Frankfurt", 1, "P2")]
    async with database.reading() as transaction:
        assert len((await transaction.execute(select(outbox.c.id))).all()) == 1


async def test_time_alone_is_swept(database: Database) -> None:
    """A silent agent stops holding a device, and ninety days later it retires, though no report comes."""
    clock = Clock()
    rounds, watcher = Rounds(database), Watcher(database, None, "w", clock)
    for agent, seen in (("a", BOX), ("a", BOX), ("b", BOX), ("a", CLEAN), ("a", CLEAN)):
        clock.ns += MINUTE
        await rounds.see(agent, clock.ns, seen)
    await watcher.step()
    assert [one[0] for one in await sightings.told(database)] == ["discovered"]
    for minute in range(50, 80, 10):  # agent a goes on: its clean run is written every ten minutes
        await rounds.see("a", START + minute * MINUTE, CLEAN)
    clock.ns = START + 3 * MINUTE + SILENT_NS + SECOND
    await watcher.step()
    assert [one[0] for one in await sightings.told(database)] == ["discovered", "left"]
    clock.ns += RETIRE_NS + SWEEP_NS
    await watcher.step()
    assert list((await sightings.standing(database)).values()) == [("retired", 1)]


async def test_a_sweep_goes_on_where_it_was(database: Database) -> None:
    """More presences than one sweep looks at: the next steps look at the rest."""
    clock = Clock()
    rounds, watcher = Rounds(database), Watcher(database, None, "w", clock)
    for place in range(SWEEP_BATCH + 2):
        await rounds.see("a", clock.ns + place, BOX, place=f"site-{place}")
    for _ in range(2):  # the first sweep, too, takes two steps
        await watcher.step()
    clock.ns += RETIRE_NS + MINUTE
    for expected in (SWEEP_BATCH, SWEEP_BATCH + 2):
        await watcher.step()
        assert [state for state, _ in (await sightings.standing(database)).values()].count("retired") == expected


async def test_the_loop_wakes_delivers_and_ends(database: Database, tmp_path: Path) -> None:
    """Woken by the collector it decides and delivers at once; cancelled, it ends with nothing lost."""
    clock, store = Clock(), Store(tmp_path)
    watcher = Watcher(database, store, "w", clock)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        task = group.create_task(watcher.run(), name="watcher")
        await insert_device(database, clock)
        watcher.wake()
        await store.arrived.wait()
        task.cancel()
    assert [one[0] for one in await sightings.told(database)] == ["appeared"]
    successor = Watcher(database, None, "next", clock)
    await successor.step()
    assert successor.active  # the lease was given back
    await store.close()


async def test_the_loop_outlives_the_state_database(database: Database, tmp_path: Path) -> None:
    """A state database that fails once is asked again."""
    clock, store = Clock(), Store(tmp_path)
    failed = asyncio.Event()

    class Failing(Database):
        @asynccontextmanager
        async def writing(self) -> AsyncIterator[AsyncConnection]:
            if not failed.is_set():
                failed.set()
                raise OSError("gone")
            async with super().writing() as connection:
                yield connection

    await insert_device(database, clock)
    watcher = Watcher(Failing(database.engine), store, "w", clock)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        task = group.create_task(watcher.run(), name="watcher")
        await failed.wait()
        watcher.wake()
        await store.arrived.wait()
        task.cancel()
    assert [one[0] for one in await sightings.told(database)] == ["appeared"]
    await store.close()
