"""Holds server/reports/timings.py: which samples are with the device and which without, and that few samples say nothing."""

from pathlib import Path

from server.history.embedded import Embedded
from server.history.port import Point
from server.reports.timings import ENOUGH, WINDOW_NS, Timing, timings, windows
from server.watcher.cases import Line, Look

MINUTE = 60 * 10**9
START = 1_795_000_000 * 10**9
HOST = "outlook.office365.com"
FREE = Line("Lyon", HOST, Look("bypassed", "inspected", START, START + 10 * MINUTE, START + 11 * MINUTE, 2, 2), cleared=True)


def point(minute: int, total_ms: float, site: str = "Lyon", *, suspect: bool = False) -> Point:
    """Return a request's point."""
    tags = (("site", site), ("agent", "a"), ("target", f"{HOST}:443"), ("route", "direct"))
    fields: dict[str, float | int | bool | str] = {"total_ms": total_ms, "first_byte_ms": total_ms / 2}
    return Point("web", tags, fields | ({"suspect": True} if suspect else {}), START + minute * MINUTE)


async def test_medians_with_and_without(tmp_path: Path) -> None:
    """Of the site's own samples in each stretch; suspect ones and what lies between do not count; too few give none."""
    history = Embedded(tmp_path / "history.db")
    held = [point(minute, 90.0 + minute) for minute in range(ENOUGH + 1)]
    free = [point(minute, 40.0) for minute in range(12, 12 + ENOUGH - 1)]
    noise = [point(20, 999.0, "Porto"), point(30, 999.0, suspect=True)]
    await history.write("mw_raw", [*held, *free, *noise])
    found = (await timings(history, [FREE], START + 60 * MINUTE))["Lyon", HOST]
    assert found.held is not None
    assert found.free is not None
    assert (found.held.count, found.held.total_ms, found.held.first_byte_ms) == (7, 93.0, 46.5)
    assert (found.free.count, found.free.total_ms) == (ENOUGH - 1, None)
    await history.close()


def test_windows() -> None:
    """Held: until it was gone, or now. Free: since then, or between two holds. At most a day of each."""
    now = START + 3 * WINDOW_NS
    assert windows(FREE, now) == ((START, START + 10 * MINUTE + 1), (now - WINDOW_NS, now + 1))
    again = Line("Lyon", HOST, Look("held", "inspected", START + 30 * MINUTE, 0, START + 11 * MINUTE, 2, 2), returns=1)
    assert windows(again, now) == ((now - WINDOW_NS, now + 1), (START + 11 * MINUTE, START + 30 * MINUTE + 1))
    assert windows(Line("Lyon", HOST), now) == (None, None)
    assert Timing() == Timing(None, None)
