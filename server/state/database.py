"""Opens the state database, SQLite or PostgreSQL, and gives transactions. With `engine.py`, all that knows which one it is.

SQLite: one writer at a time in this process (between processes, see `engine.py`). PostgreSQL: ordinary transactions; rows are locked by
`with_for_update`, which SQLite does not have and does not need.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Literal

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.state.engine import make_engine
from server.state.migrate import WrongSchema, upgrade_engine

Transaction = AsyncConnection
"""What `writing` and `reading` give, for rooms that pass it on without knowing SQLAlchemy."""
STATE_FAULTS = (SQLAlchemyError, OSError)
"""What either raises when the database is away or busy, and all else it has to say: `fault_of` tells which."""
Fault = Literal["away", "overtaken", "refused"]


def fault_of(error: Exception) -> Fault:
    """Say what one of STATE_FAULTS means.

    `away`: keep the work and try again later. `overtaken`: another process made the same row, or a deadlock was cut; try again at once.
    `refused`: the database answers and will never take this data (PostgreSQL: NUL in a text, a number too large; SQLSTATE class 22).
    """
    code = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    if isinstance(error, IntegrityError) or code.startswith("40"):
        return "overtaken"
    return "refused" if isinstance(error, DataError) or code.startswith("22") else "away"


class StateUnavailable(Exception):  # noqa: N818 - a state, not a mistake
    """The state database does not answer; the text names it and the remedy."""


class Database:
    """One open state database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that may write; commit at the end, roll back on any exception."""
        async with self._turn(), self.engine.connect() as plain:
            connection = await plain.execution_options(writes=True)
            async with connection.begin():
                yield connection

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return self._writer if self.is_sqlite else nullcontext()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for reads that need not be repeatable."""
        async with self.engine.connect() as connection:
            yield connection

    def insert_or_ignore(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """Return an INSERT that leaves an existing row as it is (both databases spell it ON CONFLICT DO NOTHING)."""
        insert = sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)
        return insert.on_conflict_do_nothing()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


async def open_database(url: str, *, create: bool = True, must_exist: bool = False) -> Database:
    """Open `sqlite+aiosqlite:///file` or `postgresql+asyncpg://...`; bring it to the present schema. Raises StateUnavailable.

    `must_exist`: an SQLite file that is not there is told and not made, for who wants to look at what a server has written.
    """
    engine = make_engine(url)
    where = make_url(url).render_as_string(hide_password=True)
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    try:
        if must_exist and file and not Path(file).exists():  # noqa: ASYNC240 - once, before anything else runs
            raise StateUnavailable(f"state.url: {where} is not there; run this where the server runs, or run setup first")
        if create:
            await upgrade_engine(engine)
    except WrongSchema as wrong:
        await engine.dispose()
        raise StateUnavailable(f"state.url: {where} cannot be used: {wrong}") from wrong
    except STATE_FAULTS as error:
        await engine.dispose()
        raise StateUnavailable(
            f"state.url: {where} cannot be opened ({type(error).__name__}); check the path or that the server runs"
        ) from error
    return Database(engine)
