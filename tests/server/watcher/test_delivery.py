"""Letters reach the history store: repeated rather than lost, once as a point."""

import logging
from pathlib import Path

import pytest
from sqlalchemy import select

from server.history.port import Point
from server.state import outbox
from server.state.database import Database
from server.state.events import EventRow
from server.state.tables import outbox as outbox_table
from server.watcher.delivery import BATCH, LONGEST_WAIT_NS, deliver
from server.watcher.points import event_point
from tests.fakes.history import After, ScriptedHistory, away

NOW = 1_795_000_000 * 10**9
SECOND = 10**9


@pytest.fixture
def history(tmp_path: Path) -> ScriptedHistory:
    """Give an embedded history that can fail on demand."""
    return ScriptedHistory(tmp_path / "history.db", lambda: NOW)


async def post(database: Database, count: int = 1) -> None:
    """Put letters in the outbox."""
    async with database.writing() as transaction:
        for number in range(1, count + 1):
            event = EventRow("appeared", "P2", f"d-{number}", "Frankfurt", 1, NOW, NOW, "A sentence.", b"{}")
            await outbox.put(database, transaction, "history", event.identity, event_point(event, number), NOW)


async def left(database: Database) -> list[tuple[int, int]]:
    """Return (tries, seconds to wait) of each letter that is left."""
    async with database.reading() as transaction:
        rows = await transaction.execute(select(outbox_table).order_by(outbox_table.c.id))
        return [(row.tries, max(0, row.next_ns - NOW) // SECOND) for row in rows]


async def stored(history: ScriptedHistory) -> list[Point]:
    """Return the stored events of a moment."""
    counted = await history.series("mw_event", "event", "episode", {}, NOW - SECOND, NOW + SECOND, 1_000, "count")
    return [point for point in counted if point[1]]  # type: ignore[misc]


async def test_delivered_letters_are_gone(database: Database, history: ScriptedHistory) -> None:
    """Each letter is a point in `mw_event`, and the outbox is empty."""
    await post(database, 2)
    assert await deliver(database, history, NOW) == 2
    assert await left(database) == []
    assert await deliver(database, history, NOW) == 0
    (newest,) = await history.latest("mw_event", "event", ["sentence", "device"], {"kind": "appeared"}, 0)
    assert (newest.fields, newest.tags) == (
        {"sentence": "A sentence.", "device": "d-2"},
        (("kind", "appeared"), ("scope", "Frankfurt"), ("severity", "P2")),
    )
    await history.close()


async def test_letters_wait_for_the_store(database: Database, history: ScriptedHistory) -> None:
    """Away: each try doubles the wait up to five minutes, and nothing is tried before its time."""
    await post(database)
    history.script = [away() for _ in range(12)]
    now_ns = NOW
    waits = []
    while history.script:
        assert await deliver(database, history, now_ns) == 0
        writes = history.writes
        ((tries, _),) = await left(database)
        async with database.reading() as transaction:
            next_ns = (await transaction.execute(select(outbox_table.c.next_ns))).scalar_one()
        waits.append((next_ns - now_ns) // SECOND)
        assert await deliver(database, history, next_ns - 1) == 0
        assert history.writes == writes
        now_ns = next_ns
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert (tries, LONGEST_WAIT_NS // SECOND) == (12, 300)
    assert await deliver(database, history, now_ns) == 1
    await history.close()


async def test_killed_after_the_write(database: Database, history: ScriptedHistory) -> None:
    """The store has it, the outbox too: it is sent again and is still one point."""
    await post(database)
    history.script = [After(RuntimeError("killed"))]
    with pytest.raises(RuntimeError):
        await deliver(database, history, NOW)
    assert await left(database) == [(0, 0)]
    assert await deliver(database, history, NOW) == 1
    assert len(await stored(history)) == 1
    await history.close()


async def test_a_point_the_store_refuses(database: Database, history: ScriptedHistory, caplog: pytest.LogCaptureFixture) -> None:
    """It goes with its reason in the log, as an error; the others are stored."""
    await post(database, 2)
    history.refuse = lambda point: point.fields["device"] == "d-1"
    assert await deliver(database, history, NOW) == 2
    assert [(record.levelno, "conflict" in record.message) for record in caplog.records] == [(logging.ERROR, True)]
    assert len(await stored(history)) == 1
    await history.close()


async def test_a_long_outbox_goes_in_batches(database: Database, history: ScriptedHistory) -> None:
    """More letters than a batch need a second call."""
    await post(database, BATCH + 1)
    assert [await deliver(database, history, NOW) for _ in range(3)] == [BATCH, 1, 0]
    await history.close()
