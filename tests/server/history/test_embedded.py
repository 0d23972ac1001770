"""The embedded history: the contract, and what a file adds (a restart, a full disk, another program, the retention's bound)."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.history.embedded import Embedded
from server.history.port import Point, Unavailable
from tests.contracts.history import MINUTE, TAGS, HistoryContract

NOW_NS = 1_795_000_000_000_000_000
DAY_NS = 86_400 * 10**9


class Clock:
    """A clock the test turns."""

    def __init__(self) -> None:
        self.now_ns = NOW_NS

    def __call__(self) -> int:
        """Return what the test set."""
        return self.now_ns


@pytest.fixture
def now_ns() -> int:
    """Give the time the store believes in."""
    return NOW_NS


@pytest.fixture
def clock() -> Clock:
    """Give the store's clock."""
    return Clock()


@pytest.fixture
async def history(tmp_path: Path, clock: Clock) -> AsyncIterator[Embedded]:
    """Give an empty store in a new file."""
    store = Embedded(tmp_path / "history.db", clock=clock)
    yield store
    await store.close()


class TestEmbedded(HistoryContract):
    """The embedded history keeps every promise of the port."""


async def test_survives_restart(tmp_path: Path, history: Embedded) -> None:
    """Rows, series and the types of fields are still there when the file is opened again."""
    point = Point("web", TAGS, {"a": 1.0}, NOW_NS)
    assert await history.write("mw_raw", [point]) == []
    again = Embedded(tmp_path / "history.db", clock=lambda: NOW_NS)
    assert await again.latest("mw_raw", "web", ["a"], {}, 0) == [point]
    rejected = await again.write("mw_raw", [Point("web", TAGS, {"a": 1}, NOW_NS + 1), Point("web", TAGS, {"a": 2.0}, NOW_NS + 2)])
    assert [one.reason for one in rejected] == ["conflict"]
    await again.close()
    assert sqlite3.connect(tmp_path / "history.db").execute("SELECT count(*) FROM series").fetchone() == (1,)


async def test_old_rows_go(history: Embedded, clock: Clock) -> None:
    """Rows older than the retention are deleted by a later write, at most once an hour."""
    await history.write("mw_raw", [Point("web", TAGS, {"a": 1.0}, NOW_NS)])
    clock.now_ns = NOW_NS + 31 * DAY_NS
    await history.write("mw_raw", [Point("web", TAGS, {"a": 2.0}, clock.now_ns)])
    assert await history.series("mw_raw", "web", "a", {}, NOW_NS, NOW_NS + 1, 1, "count") == [(NOW_NS, None)]


async def test_locked_file(tmp_path: Path, history: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program holds the file a write is unavailable (busy), promises nothing, and works afterwards."""
    monkeypatch.setattr("server.history.embedded.BUSY_SECONDS", 0.0)
    other = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    await history.write("mw_raw", [Point("web", TAGS, {"a": 1.0}, NOW_NS)])
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="another program holds it") as caught:
        await history.write("mw_raw", [Point("web", (("agent", "new"),), {"b": 1.0}, NOW_NS)])
    assert caught.value.condition == "busy"
    other.close()
    assert await history.write("mw_raw", [Point("web", (("agent", "new"),), {"b": 1}, NOW_NS)]) == []


async def test_full_disk_rolls_back(history: Embedded) -> None:
    """A write that does not fit is unavailable (away); no half of it stays, and neither do types it would have set."""
    await history.write("mw_raw", [Point("web", TAGS, {"a": 1.0}, NOW_NS)])
    assert history._connection is not None
    history._connection.execute("PRAGMA max_page_count = 20")
    big = [Point("web", TAGS, {"b": "x" * 1000}, NOW_NS + step) for step in range(500)]
    with pytest.raises(Unavailable, match=r"history\.path: .*full.*free space") as caught:
        await history.write("mw_raw", big)
    assert caught.value.condition == "away"
    assert await history.latest("mw_raw", "web", ["b"], {}, 0) == []
    assert await history.write("mw_raw", [Point("web", TAGS, {"b": 1.0}, NOW_NS + MINUTE)]) == []


async def test_not_a_database(tmp_path: Path) -> None:
    """A file of something else is said to be so, with the setting and a remedy, and is left as it is."""
    path = tmp_path / "history.db"
    path.write_bytes(b"these are not the bytes of a database" * 100)
    store = Embedded(path)
    with pytest.raises(Unavailable, match=r"history\.path: .*not a database.*move it aside"):
        await store.write("mw_raw", [])
    await store.close()
    assert path.read_bytes().startswith(b"these are not")


async def test_unwritable_folder(tmp_path: Path) -> None:
    """A folder that is not there is unavailable, with the setting named."""
    store = Embedded(tmp_path / "missing" / "history.db")
    with pytest.raises(Unavailable, match=r"history\.path: .*folder"):
        await store.latest("mw_raw", "web", ["a"], {}, 0)
    await store.close()
