"""The state database: transactions that commit or leave nothing, and faults that say what they mean."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from server.state.database import STATE_FAULTS, Database, StateUnavailable, Transaction, fault_of, open_database
from server.state.engine import BUSY_SECONDS
from server.state.tables import counter
from tests.servers.postgres import Postgres
from tests.servers.process import free_port


async def put(connection: Transaction, name: str, value: int = 1) -> None:
    """Insert a counter."""
    await connection.execute(insert(counter).values(name=name, value=value))


async def names(database: Database) -> list[str]:
    """Return the names of all counters."""
    async with database.reading() as connection:
        return list((await connection.scalars(select(counter.c.name).order_by(counter.c.name))).all())


async def test_writing_commits_at_the_end(database: Database) -> None:
    """Nobody else sees a row before, everybody after."""
    async with database.writing() as connection:
        await put(connection, "a")
        assert await names(database) == []
    assert await names(database) == ["a"]


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_any_exception_rolls_back(database: Database, error: type[BaseException]) -> None:
    """A fault or a cancellation leaves nothing, and the next transaction works."""

    async def half() -> None:
        async with database.writing() as connection:
            await put(connection, "a")
            raise error

    with pytest.raises(error):
        await half()
    async with database.writing() as connection:
        await put(connection, "b")
    assert await names(database) == ["b"]


async def test_a_writer_cut_short_holds_no_lock(tmp_path: Path) -> None:
    """Cancelled between a statement and its rows: what must still be written can be, while the cancellation is under way."""
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/state.db")
    async with database.writing() as connection:
        for name in "abc":
            await put(connection, name)
    loop = asyncio.get_running_loop()

    async def cut_short() -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            async with database.writing() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                await driver.create_function("cut", 0, lambda: bool(loop.call_soon_threadsafe(task.cancel)))
                await connection.execute(text("SELECT name, cut() FROM counter"))
        finally:
            async with database.writing() as connection:
                await put(connection, "last")

    async with asyncio.timeout(BUSY_SECONDS / 2), asyncio.TaskGroup() as group:
        task = group.create_task(cut_short(), name="cut short")
    assert task.cancelled()
    assert await names(database) == ["a", "b", "c", "last"]
    await database.close()


async def test_writers_of_one_process_queue(database: Database) -> None:
    """Twenty at once: each commits, none fails half-way."""

    async def write(number: int) -> None:
        async with database.writing() as connection:
            await put(connection, f"{number:02d}")
            await asyncio.sleep(0)

    await asyncio.gather(*[write(number) for number in range(20)])
    assert len(await names(database)) == 20


async def test_a_row_that_is_there_stays(database: Database) -> None:
    """`insert_or_ignore` neither fails nor overwrites."""
    async with database.writing() as connection:
        await put(connection, "a", 1)
        await connection.execute(database.insert_or_ignore(counter), [{"name": "a", "value": 2}, {"name": "b", "value": 3}])
    async with database.reading() as connection:
        rows = (await connection.execute(select(counter).order_by(counter.c.name))).all()
    assert [(row.name, row.value) for row in rows] == [("a", 1), ("b", 3)]


async def test_a_row_made_twice_is_overtaken(database: Database) -> None:
    """What a race between two collectors looks like."""

    async def twice() -> None:
        async with database.writing() as connection:
            await put(connection, "a")
            await put(connection, "a")

    with pytest.raises(IntegrityError) as caught:
        await twice()
    assert fault_of(caught.value) == "overtaken"


@pytest.mark.parametrize(("name", "value"), [("a\x00b", 1), ("n" * 65, 1), ("a", 2**63), ("\ud800", 1)])
async def test_data_postgresql_will_never_take_is_refused(postgres: Postgres, name: str, value: int) -> None:
    """NUL in a text, too long a word, too large a number, half a character: not an outage."""
    database = await open_database(postgres.fresh())

    async def write() -> None:
        async with database.writing() as connection:
            await put(connection, name, value)

    with pytest.raises(SQLAlchemyError) as caught:
        await write()
    assert fault_of(caught.value) == "refused"
    await database.close()


async def test_postgresql_gone_and_coming_back_is_away(postgres: Postgres) -> None:
    """Killed with connections open: each fault is one of STATE_FAULTS and `away`; afterwards the same Database works."""
    database = await open_database(postgres.fresh())
    assert await names(database) == []
    postgres.kill()
    for _ in range(3):
        with pytest.raises(STATE_FAULTS) as caught:
            await names(database)
        assert fault_of(caught.value) == "away"
    postgres.start()
    async with database.writing() as connection:
        await put(connection, "a")
    assert await names(database) == ["a"]
    await database.close()


async def test_a_locked_sqlite_file_is_away(tmp_path: Path) -> None:
    """Another program holds the write lock for longer than we wait."""
    database, other = [await open_database(f"sqlite+aiosqlite:///{tmp_path}/state.db") for _ in range(2)]

    async def write() -> None:
        async with database.engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA busy_timeout=0")
        async with database.writing() as connection:
            await put(connection, "a")

    async with other.writing():
        with pytest.raises(SQLAlchemyError) as caught:
            await write()
    assert fault_of(caught.value) == "away"
    await database.close()
    await other.close()


async def test_what_cannot_be_opened_is_told_with_the_remedy(tmp_path: Path) -> None:
    """A folder that is not there, a file that is no database, a server nobody runs: one sentence, without the password."""
    (tmp_path / "text.db").write_text("this is not a database, and it is longer than a page's head " * 20)
    port = free_port()
    for url in (
        f"sqlite+aiosqlite:///{tmp_path}/none/state.db",
        f"sqlite+aiosqlite:///{tmp_path}/text.db",
        f"postgresql+asyncpg://user:secret@127.0.0.1:{port}/middlewatch",
    ):
        with pytest.raises(StateUnavailable, match=r"^state\.url: .*; check the path or that the server runs$") as caught:
            await open_database(url)
        assert "secret" not in str(caught.value)


async def test_a_database_that_does_not_exist_is_told(postgres: Postgres) -> None:
    """The server runs, the name is wrong."""
    with pytest.raises(StateUnavailable, match=r"state\.url: postgresql.*nobody"):
        await open_database(postgres.fresh().rpartition("/")[0] + "/nobody")
