"""What SQLite is told so that nothing is lost and writers queue."""

import contextlib
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from server.state.engine import BUSY_SECONDS, make_engine


async def test_sqlite_is_durable_and_patient(tmp_path: Path) -> None:
    """Write-ahead log, full synchronous, and a busy time for a second process."""
    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path}/state.db")
    async with engine.connect() as connection:
        found = [
            (await connection.execute(text(f"PRAGMA {name}"))).scalar_one() for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    assert found == ["wal", 2, BUSY_SECONDS * 1000]
    await engine.dispose()


@pytest.mark.parametrize("file", ["state.db", "none/state.db"])
async def test_a_closed_engine_leaves_no_thread(tmp_path: Path, file: str) -> None:
    """Opened or not, when the engine is disposed of, the driver's thread is gone: one that speaks to a closed loop prints a traceback."""
    before = set(threading.enumerate())
    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path}/{file}")
    with contextlib.suppress(OperationalError):
        async with engine.connect():
            pass
    await engine.dispose()
    assert not [thread.name for thread in threading.enumerate() if thread not in before and "asyncio" not in thread.name]
