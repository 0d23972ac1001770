"""The history that keeps nothing."""

import gzip

import pytest

from server.history import lines
from server.history.null import NullHistory
from server.history.port import History, Point

POINT = Point("web", (("agent", "a1"),), {"total_ms": 1.5}, 1)


async def test_does_the_work() -> None:
    """It encodes and compresses what it is given, counts it, and keeps nothing."""
    store = NullHistory()
    history: History = store
    assert await history.write("mw_raw", [POINT, POINT]) == []
    expected = gzip.compress(b"\n".join([lines.encode(POINT)] * 2), compresslevel=1, mtime=0)
    assert (store.points, store.bytes) == (2, len(expected))
    assert await history.latest("mw_raw", "web", ["total_ms"], {}, 0) == []
    assert await history.series("mw_raw", "web", "total_ms", {}, 0, 2, 1, "mean") == [(0, None), (1, None)]
    assert [piece async for piece in history.samples("mw_raw", "web", ["total_ms"], {}, 0, 2)] == []
    await history.close()


async def test_refuses_what_no_store_takes() -> None:
    """A bad point in a benchmark is a mistake and raises."""
    with pytest.raises(ValueError, match="no fields"):
        await NullHistory().write("mw_raw", [Point("web", (), {}, 1)])
