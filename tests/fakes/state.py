"""An SQLite state database at the present schema, made once for a whole run of tests and copied: migrating each anew costs 0.1 s."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from server.state.database import Database, open_database


@lru_cache(maxsize=1)
def _migrated() -> bytes:
    """Return the file of an empty database. In a thread: callers have a loop of their own running."""

    async def make(url: str) -> None:
        await (await open_database(url)).close()

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        file = Path(folder) / "state.db"
        thread.submit(asyncio.run, make(f"sqlite+aiosqlite:///{file}")).result()
        return file.read_bytes()


def config_file(folder: Path, more: str = "") -> Path:
    """Return the configuration of a centre whose database is `fresh` in that folder; `more` is TOML behind it."""
    file = folder / "server.toml"
    file.write_text(
        f'[state]\nurl = "sqlite+aiosqlite:///{folder}/state.db"\n[history]\nkind = "embedded"\npath = "{folder}/history.db"\n'
        f'[broker]\nurl = "mqtt://127.0.0.1:1883"\n{more}'
    )
    return file


async def fresh(folder: Path) -> Database:
    """Return an empty database in a folder."""
    file = folder / "state.db"
    file.write_bytes(_migrated())
    return await open_database(f"sqlite+aiosqlite:///{file}")
