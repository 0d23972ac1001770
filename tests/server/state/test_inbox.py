"""The inbox gives the oldest first, and forgets what is decided."""

from sqlalchemy import insert

from server.state import inbox, runs
from server.state.database import Database
from server.state.tables import inbox as table


async def test_oldest_first_and_gone_when_done(database: Database) -> None:
    """Runs and clones in the order they came."""
    async with database.writing() as transaction:
        await transaction.execute(insert(table), [{"kind": "run", "run": 7, "made_ns": 1}, {"kind": "run", "run": 8, "made_ns": 1}])
        await runs.tell_clone(transaction, [b"{}"], 2)
        first, second = await inbox.pending(transaction, 2)
        assert [(one.kind, one.run) for one in (first, second)] == [("run", 7), ("run", 8)]
        await inbox.done(transaction, [first.id, second.id])
        (clone,) = await inbox.pending(transaction, 10)
    assert (clone.kind, clone.run, clone.body) == ("clone", None, b"{}")
