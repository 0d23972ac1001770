"""Makes the engine of the state database: what SQLite and PostgreSQL need so that the rest need not know which one it is.

SQLite: WAL, full synchronous, `BEGIN IMMEDIATE` for every transaction that writes (two writers then queue instead of failing half-way),
and connections that end when they are told to, whatever they were doing.
"""

import asyncio
import sqlite3
import threading
import weakref
from collections.abc import MutableSet
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_only

BUSY_SECONDS = 30
"""How long a second process waits for SQLite's write lock; longer than any batch we measured (0.4 s)."""
CACHE_KIB = 32_768
"""Pages a connection keeps in memory, if it needs as many; of the 33 MB that 1,000 agents leave in a fortnight SQLite's own 2 MB hold a
sixteenth. The pool keeps five connections and opens fifteen at most."""
THREAD_SECONDS = 5.0
"""How long a closed engine waits for the driver's threads; they end within a millisecond of their connections' close."""

Threads = MutableSet[threading.Thread]


class RollsBack(sqlite3.Connection):
    """Lets go of its locks when it is closed.

    SQLite closes a connection for good only when its statements are gone, and a statement cut short by a cancellation lives as long as
    the exception: the write lock stayed, and giving the watcher's lease back waited for itself, 30 s at two stops in ten (measured).
    """

    def close(self) -> None:
        """Roll back what is open, and close."""
        if self.in_transaction:
            self.rollback()
        super().close()


def make_engine(url: str) -> AsyncEngine:
    """Return an engine for `sqlite+aiosqlite:///file` or `postgresql+asyncpg://...`; nothing is opened yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(parsed, pool_pre_ping=True)
    threads: Threads = weakref.WeakSet()
    engine = create_async_engine(parsed, connect_args={"factory": RollsBack})
    event.listen(engine.sync_engine, "do_connect", partial(_connect_sqlite, threads))
    event.listen(engine.sync_engine, "connect", _on_sqlite_connect)
    event.listen(engine.sync_engine, "begin", _on_sqlite_begin)
    event.listen(engine.sync_engine, "engine_disposed", partial(_wait_for, threads))
    return engine


def _connect_sqlite(threads: Threads, dialect: Dialect, _entry: object, arguments: Any, parameters: Any) -> DBAPIConnection:  # noqa: ANN401
    return dialect.connect(*arguments, async_creator_fn=partial(_open_sqlite, threads), **parameters)


async def _open_sqlite(threads: Threads, *arguments: Any, **parameters: Any) -> aiosqlite.Connection:  # noqa: ANN401 - aiosqlite's own
    connection = aiosqlite.connect(*arguments, **parameters)
    thread = connection._thread  # noqa: SLF001 - as SQLAlchemy does
    thread.daemon = True
    threads.add(thread)
    return await connection


def _wait_for(threads: Threads, _engine: Engine) -> None:
    """Wait for the threads of connections that failed or were cut short: one that speaks to a loop already closed prints a traceback."""
    for thread in list(threads):
        await_only(asyncio.to_thread(thread.join, THREAD_SECONDS))


def _on_sqlite_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None  # or the driver begins transactions of its own, deferred ones
    cursor = connection.cursor()
    # the wait first: two processes that open a new file at once both want to switch it to WAL
    for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL", f"cache_size=-{CACHE_KIB}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
