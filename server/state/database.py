"""Opens the state database, SQLite or PostgreSQL, and gives transactions. The only place that knows which one it is.

SQLite: WAL, full synchronous, `BEGIN IMMEDIATE` for every transaction that writes (two writers then queue instead of
failing half-way), one writer at a time in this process. PostgreSQL: ordinary transactions; rows are locked by
`with_for_update`, which SQLite does not have and does not need.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from server.state.tables import metadata

BUSY_SECONDS = 30
"""How long a second process waits for SQLite's write lock; longer than any batch we measured (0.4 s)."""


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


def _on_sqlite_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None  # or the driver begins transactions of its own, deferred ones
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def open_database(url: str, *, create: bool = True) -> Database:
    """Open `sqlite+aiosqlite:///file` or `postgresql+asyncpg://...`; make missing tables. Raises StateUnavailable."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed)
        event.listen(engine.sync_engine, "connect", _on_sqlite_connect)
        event.listen(engine.sync_engine, "begin", _on_sqlite_begin)
    else:
        engine = create_async_engine(parsed, pool_pre_ping=True)
    try:
        if create:
            async with engine.execution_options(writes=True).begin() as connection:
                await connection.run_sync(metadata.create_all)
    except (SQLAlchemyError, OSError) as error:
        await engine.dispose()
        where = parsed.render_as_string(hide_password=True)
        raise StateUnavailable(
            f"state.url: {where} cannot be opened ({type(error).__name__}); check the path or that the server runs"
        ) from error
    return Database(engine)
