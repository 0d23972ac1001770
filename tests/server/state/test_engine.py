"""What SQLite is told so that nothing is lost and writers queue."""

from pathlib import Path

from sqlalchemy import text

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
