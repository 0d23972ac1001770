"""How a sub-command begins and ends: the file's settings, the database a server has made, and sentences in place of tracebacks.

Exit status: 0 done, 1 it ran and failed, 2 it could not start (one sentence for each problem, never a traceback).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from server.config import BadConfiguration, Settings, load_settings
from server.history.port import Unavailable
from server.state.database import STATE_FAULTS, Database, StateUnavailable, open_database

ConfigFile = Annotated[Path, typer.Option("--config", help="the server's TOML file")]
T = TypeVar("T")


def fail(problems: list[str], status: int = 2) -> typer.Exit:
    """Print problems, one a line, and return the exit to raise."""
    for problem in problems:
        typer.echo(problem, err=True)
    return typer.Exit(status)


def settings_of(config: Path) -> Settings:
    """Read the file, or raise the exit with its problems."""
    try:
        return load_settings(config)
    except BadConfiguration as bad:
        raise fail(bad.problems) from None


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run work to its end, turning what cannot start into sentences."""
    try:
        return asyncio.run(work)
    except BadConfiguration as bad:
        raise fail(bad.problems) from None
    except StateUnavailable as away:
        raise fail([f"config: {away}"]) from None
    except Unavailable as away:
        raise fail([f"config: {away}"], 1) from None


async def with_database(settings: Settings, use: Callable[[Database], Awaitable[T]]) -> T:
    """Use the database a server has made. Raises StateUnavailable."""
    database = await open_database(settings.state.url, must_exist=True)
    try:
        return await use(database)
    except STATE_FAULTS as error:
        raise StateUnavailable(f"state.url: the database fails ({type(error).__name__}); check that it runs and may be written") from error
    finally:
        await database.close()


def when(time_ns: int) -> str:
    """Return a moment (Unix ns) to the second, in UTC."""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
