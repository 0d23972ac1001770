"""Holds server/watcher/leading.py: only the leader's transactions commit, and a duty that fails is asked again."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from server.history.port import Unavailable
from server.state import counters, lease
from server.state.database import Database, open_database
from server.watcher.leading import LEASE_NS, Leadership, attend

START = 1_700_000_000 * 10**9
HOUR_NS = 3600 * 10**9


async def test_only_the_leader_commits(tmp_path: Path) -> None:
    """Who lost the lease without knowing fails in the transaction, changes nothing and stands by."""
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}")
    clock = [START]
    first, second = Leadership(database, "first", lambda: clock[0]), Leadership(database, "second", lambda: clock[0])
    assert await first.lead()
    clock[0] += LEASE_NS
    assert await second.lead()
    with pytest.raises(lease.LeaseLost):
        async with first.writing() as transaction:
            await counters.add(database, transaction, "tried", 1)
    assert (first.active, second.active) == (False, True)
    async with second.writing() as transaction:
        await counters.add(database, transaction, "tried", 1)
    await second.resign()
    assert await first.lead()
    await database.close()


async def test_a_dead_leader_whose_clock_was_ahead(tmp_path: Path) -> None:
    """Its lease is promised for an hour by any other clock; who sees that nobody renews it takes over as soon as after any other death."""
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}")
    clock = [START]
    ahead, right = Leadership(database, "ahead", lambda: clock[0] + HOUR_NS), Leadership(database, "right", lambda: clock[0])
    assert await ahead.lead()
    for _ in range(5):  # it lives: nobody takes it from it
        assert (await ahead.lead(), await right.lead()) == (True, False)
        clock[0] += LEASE_NS - 1
    assert await ahead.lead()
    assert not await right.lead()
    clock[0] += LEASE_NS - 1
    assert not await right.lead()
    clock[0] += 1
    assert await right.lead()
    with pytest.raises(lease.LeaseLost):
        async with ahead.writing():
            pass
    await database.close()


async def test_clocks_that_are_set_back(tmp_path: Path) -> None:
    """A leader goes on renewing by its new time; who stands by begins to wait anew, and takes over from nobody who renews."""
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}")
    clock = [START]
    first, second = Leadership(database, "first", lambda: clock[0]), Leadership(database, "second", lambda: clock[0])
    assert await first.lead()
    assert not await second.lead()
    clock[0] -= HOUR_NS
    for _ in range(3):
        assert (await first.lead(), await second.lead()) == (True, False)
        clock[0] += LEASE_NS // 2
    async with database.reading() as transaction:
        assert (await lease.seen(transaction, "watcher"))[1] <= clock[0] + LEASE_NS
    clock[0] += LEASE_NS
    assert await second.lead()
    await database.close()


class Failing:
    """A duty that fails in one way after another, and then works."""

    name, every_s = "failing", 0.0

    def __init__(self) -> None:
        self.faults: list[Exception] = [OSError(), Unavailable("away", "no answer"), lease.LeaseLost("another"), KeyError("rumour")]
        self.done = asyncio.Event()

    async def step(self, lead: Leadership) -> None:
        """Fail, or be done."""
        assert lead.active
        if self.faults:
            raise self.faults.pop(0)
        self.done.set()


async def test_a_duty_is_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever may be away, the duty goes on when it is back; the trouble and its end are told once each."""
    caplog.set_level("INFO")
    database: Database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}")
    lead = Leadership(database, "one", lambda: START)
    await lead.lead()
    duty = Failing()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(attend(duty, lead), name="duty")
        await duty.done.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    told = [one.message for one in caplog.records if "failing" in one.message]
    assert told[:2] == [
        "failing: state database: OSError; trying again, nothing is lost",
        "failing: no answer; trying again, nothing is lost",
    ]
    (mistake,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert "a mistake of ours, please report it (KeyError: 'rumour')" in mistake.message
    assert mistake.exc_info
    await database.close()
