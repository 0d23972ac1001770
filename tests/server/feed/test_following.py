"""The newest list in every process: handed over once, over any base, and never one that is older than what is shipped."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from judge.knowledge.loader import load_knowledge
from judge.knowledge.model import Knowledge
from server.feed.following import Following
from server.state import feed
from server.state.database import Database
from server.state.feed import FeedRow
from tests.fakes.endpoint_service import OLD, edited, recorded
from tests.fakes.state import fresh

KNOWLEDGE = load_knowledge()
DAY_NS = 86_400 * 10**9
CHECKED = 1_790_000_000 * 10**9
"""2026-09-21, a month after the shipped list was made."""


def _more(sets: dict[int, dict[str, Any]]) -> None:
    sets[1]["urls"].append("mail.example")


async def save(database: Database, **fields: Any) -> None:
    """Store a row of Worldwide as the watcher does."""
    async with database.writing() as transaction:
        await feed.introduce(database, transaction, ["Worldwide"], 1)
        row: FeedRow = (await feed.rows(transaction))["Worldwide"]
        await feed.save(transaction, replace(row, **fields))


async def test_a_newer_list_is_handed_over_once(tmp_path: Path) -> None:
    """What another process fetched is used from the next look on, stays over another base, and is not handed over again."""
    database = await fresh(tmp_path)
    lists = Following(database, KNOWLEDGE)
    assert await lists.look() is None
    await save(database)
    assert await lists.look() is None
    await save(database, version="2026090100", body=edited(recorded(), _more), checked_ns=CHECKED)
    found = await lists.look()
    assert found is not None
    assert found.lists["Worldwide"] == "2026090100"
    assert found.endpoints.find("mail.example") is not None
    await save(database, checked_ns=CHECKED + DAY_NS, trouble="odd")
    assert await lists.look() is None
    assert lists.heads["Worldwide"].trouble == "odd"
    other = lists.over(replace(KNOWLEDGE, version="2026-12-01+01234567", as_of="2026-12-01"))
    assert other.endpoints.find("mail.example") is not None
    assert other.version.startswith("2026-12-01+")
    await database.close()


async def test_what_was_confirmed_last_is_used(tmp_path: Path) -> None:
    """A list that was not confirmed since the shipped one was made is not used, and is from its next confirmation on."""
    database = await fresh(tmp_path)
    await save(database, version=OLD, body=recorded(OLD), checked_ns=CHECKED - 60 * DAY_NS)
    lists = Following(database, KNOWLEDGE)
    assert await lists.look() is None
    await save(database, version=OLD, body=recorded(OLD), checked_ns=CHECKED)
    found = await lists.look()
    assert found is not None
    assert found.lists["Worldwide"] == OLD
    await database.close()


async def test_a_row_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    """The shipped list stays in use."""
    database = await fresh(tmp_path)
    await save(database, version="2026090100", body=b"[", checked_ns=CHECKED)
    assert await Following(database, KNOWLEDGE).look() is None
    await database.close()


async def test_looking_goes_on(tmp_path: Path) -> None:
    """A database that fails once is asked again; each newer list is adopted."""
    database = await fresh(tmp_path)
    lists, adopted = Following(database, KNOWLEDGE), list[Knowledge]()

    class Over(Exception):  # noqa: N818 - the end of the test
        pass

    looks = 0

    async def sleep(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            lists._database = FailingDatabase()  # type: ignore[assignment]
        elif looks == 2:
            lists._database = database
            await save(database, version="2026090100", body=recorded(), checked_ns=CHECKED)
        elif looks == 3:
            raise Over

    with contextlib.suppress(Over):
        await lists.run(adopted.append, sleep)
    assert [one.lists["Worldwide"] for one in adopted] == ["2026090100"]
    await database.close()


class FailingDatabase:
    """A database that is away."""

    def reading(self) -> None:
        """Fail."""
        raise OSError
