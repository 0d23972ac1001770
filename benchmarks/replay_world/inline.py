"""Calls SQLite where it is asked for, in the loop's own thread.

A month is millions of calls, and handing each to another thread and
waiting for it costs more than the call itself. The statements, the file and the driver's objects are the real ones.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import aiosqlite

T = TypeVar("T")
THREADLESS = "?check_same_thread=false"
"""For the URL: the driver's thread still closes what was opened here."""


@contextmanager
def called_in_line() -> Iterator[None]:
    """Let connections opened inside work without their threads."""

    async def connect(self: aiosqlite.Connection) -> aiosqlite.Connection:
        self._connection = self._connector()
        return self

    async def execute(_self: aiosqlite.Connection, function: Callable[..., T], *arguments: object, **named: object) -> T:
        return function(*arguments, **named)

    threaded = aiosqlite.Connection._connect, aiosqlite.Connection._execute  # noqa: SLF001 - the one gate all calls go through
    aiosqlite.Connection._connect, aiosqlite.Connection._execute = connect, execute  # type: ignore[method-assign,assignment]  # noqa: SLF001
    try:
        yield
    finally:
        aiosqlite.Connection._connect, aiosqlite.Connection._execute = threaded  # type: ignore[method-assign]  # noqa: SLF001
