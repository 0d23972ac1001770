"""Holds server/watcher/telling.py: an event is told once, recorded always, and only kinds of the list exist."""

from dataclasses import replace
from pathlib import Path

import pytest

from server.state import events, outbox
from server.state.database import open_database
from server.watcher.telling import printable, publish

EVENT = events.EventRow("site-down", "P1", "", "Porto", 1, 10**18, 10**18, "Porto is down.", b"{}")


async def test_told_once(tmp_path: Path) -> None:
    """The second telling of one identity is none; severity none has a row and no letter; a kind that is not on the list is a mistake."""
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}")
    async with database.writing() as transaction:
        assert await publish(database, transaction, EVENT, 1)
        assert not await publish(database, transaction, EVENT, 2)
        assert await publish(database, transaction, replace(EVENT, episode=2, severity="none"), 3)
        with pytest.raises(KeyError):
            await publish(database, transaction, replace(EVENT, kind="rumour"), 4)
        assert len(await outbox.due(transaction, "history", 9, 9)) == 1
    await database.close()


def test_printable() -> None:
    """A stranger's text loses what a column cannot hold."""
    assert printable("a\0b", 2) == "ab"
