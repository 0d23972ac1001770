"""Makes the engine of the state database: what SQLite and PostgreSQL need so that the rest need not know which one it is.

SQLite: WAL, full synchronous, `BEGIN IMMEDIATE` for every transaction that writes (two writers then queue instead of failing half-way).
"""

import asyncio
from typing import Any

import aiosqlite
from sqlalchemy import Connection, Dialect, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 30
"""How long a second process waits for SQLite's write lock; longer than any batch we measured (0.4 s)."""


def make_engine(url: str) -> AsyncEngine:
    """Return an engine for `sqlite+aiosqlite:///file` or `postgresql+asyncpg://...`; nothing is opened yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(parsed, pool_pre_ping=True)
    engine = create_async_engine(parsed)
    event.listen(engine.sync_engine, "do_connect", _connect_sqlite)
    event.listen(engine.sync_engine, "connect", _on_sqlite_connect)
    event.listen(engine.sync_engine, "begin", _on_sqlite_begin)
    return engine


def _connect_sqlite(dialect: Dialect, _entry: object, arguments: Any, parameters: Any) -> DBAPIConnection:  # noqa: ANN401 - the dialect's own
    return dialect.connect(*arguments, async_creator_fn=_open_sqlite, **parameters)


async def _open_sqlite(*arguments: Any, **parameters: Any) -> aiosqlite.Connection:  # noqa: ANN401 - aiosqlite's own
    """Open a file. When that fails, wait for aiosqlite's thread: one that speaks to a loop already closed prints a traceback."""
    connection = aiosqlite.connect(*arguments, **parameters)
    thread = connection._thread  # noqa: SLF001 - as SQLAlchemy does
    thread.daemon = True
    try:
        return await connection
    except Exception:
        await asyncio.to_thread(thread.join)
        raise


def _on_sqlite_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None  # or the driver begins transactions of its own, deferred ones
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
