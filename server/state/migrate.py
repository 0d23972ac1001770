"""Brings a state database to the schema of `tables.py`. Forward only; an SQLite file of an older revision is copied beside itself first.

A database that is there already costs one query and imports no Alembic (0.2 s, measured).
"""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.state.engine import make_engine
from server.state.schema import metadata

HEAD = "0011"
"""The revision this software reads and writes; a test holds that it is the newest in `migrations/versions`."""
SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x6D77_7374
"""Key of PostgreSQL's advisory lock ("mwst"): two processes that start together upgrade one after the other."""


class WrongSchema(Exception):  # noqa: N818 - a state, not a mistake
    """The database holds tables this software must not touch; the text says why and what to do."""


async def upgrade(url: str, *, scripts: Path = SCRIPTS, head: str = HEAD) -> None:
    """Bring the database at `url` to revision `head`. Raises WrongSchema, or SQLAlchemy's errors when it does not answer."""
    engine = make_engine(url)
    try:
        await upgrade_engine(engine, scripts=scripts, head=head)
    finally:
        await engine.dispose()


async def upgrade_engine(engine: AsyncEngine, *, scripts: Path = SCRIPTS, head: str = HEAD) -> None:
    """Do the same on an engine already made. Concurrent calls, also of other processes, wait for each other."""
    async with engine.connect() as connection:
        now = await connection.run_sync(_revision)
    if now == head:
        return
    file = engine.url.database
    if now is not None and engine.dialect.name == "sqlite" and file and file != ":memory:":
        await asyncio.to_thread(_copy, Path(file), Path(f"{file}.before-{head}"))
    async with engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(_upgrade, scripts, head)


def _revision(connection: Connection) -> str | None:
    """Return the revision, or None of an empty database. Raises WrongSchema when there are our tables without one."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return None if found is None else str(found)
    if ours := sorted(tables & set(metadata.tables)):
        raise WrongSchema(f"it has tables ({', '.join(ours[:3])} ...) but no revision, so they are not ours; give an empty database")
    return None


def _upgrade(connection: Connection, scripts: Path, head: str) -> None:
    from alembic import command  # noqa: PLC0415 - 0.2 s, needed only here
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    now = _revision(connection)
    if now == head:
        return  # another process was first
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    try:
        command.upgrade(config, head)
    except CommandError as error:
        raise WrongSchema(
            f"it has revision {now}, which this software (revision {head}) does not know; start the newer software, or restore a backup"
        ) from error


def _copy(file: Path, backup: Path) -> None:
    """Copy an SQLite file with what its WAL holds; the copy appears whole or not at all."""
    unfinished = backup.with_name(backup.name + ".part")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    os.replace(unfinished, backup)  # noqa: PTH105 - the atomic one
