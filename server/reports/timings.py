"""What a device costs on one host at one site: medians of the direct requests while it stood before the host, and without it.

Read from the history's raw points, which are kept 14 days. Percentiles are never averaged: the samples of a window are read.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from statistics import median

from server.history.port import History
from server.watcher.cases import Line, Where

WINDOW_NS = 86_400 * 10**9
"""The newest day of each stretch: days differ, and two of a kind are compared."""
ENOUGH = 6
"""Samples a median is shown from: the least whose span holds the true median with 95 % confidence (1 - 2 x 0.5^6 = 96.9 %)."""
MOST_LINES = 50
"""Lines of a case that are timed: two reads of the history each."""
FIELDS = ("total_ms", "first_byte_ms", "suspect")


@dataclass(frozen=True, slots=True)
class Spread:
    """Medians of `count` requests in [start, end), in ms; None below `ENOUGH` samples."""

    count: int
    total_ms: float | None
    first_byte_ms: float | None
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Timing:
    """`held`: while something stood before the host; `free`: without it. None where there was no such stretch."""

    held: Spread | None = None
    free: Spread | None = None


async def timings(history: History, lines: Sequence[Line], now_ns: int) -> Mapping[Where, Timing]:
    """Return the timing of the first lines, by (site, host). Raises Unavailable."""
    found = {}
    for line in lines[:MOST_LINES]:
        held, free = windows(line, now_ns)
        found[line.site, line.host] = Timing(await _spread(history, line, held), await _spread(history, line, free))
    return found


def windows(line: Line, now_ns: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return when the line was held and when it was free, as [start, end), each at most `WINDOW_NS` long; pure."""
    seen = line.look
    held = (seen.held_ns, seen.until_ns or now_ns) if seen.held_ns else None
    free = None
    if seen.clean_ns:
        free = (seen.clean_ns, now_ns if seen.clean_ns >= seen.held_ns else seen.held_ns)
    return _newest(held), _newest(free)


def _newest(window: tuple[int, int] | None) -> tuple[int, int] | None:
    return window and (max(window[0], window[1] - WINDOW_NS), window[1] + 1)


async def _spread(history: History, line: Line, window: tuple[int, int] | None) -> Spread | None:
    if window is None:
        return None
    where = {"site": line.site, "target": f"{line.host}:443", "route": "direct"}
    totals: list[float] = []
    firsts: list[float] = []
    async with aclosing(history.samples("mw_raw", "web", FIELDS, where, *window)) as pieces:
        async for points in pieces:
            for fields in (one.fields for one in points if not one.fields.get("suspect")):
                totals += [float(fields["total_ms"])] if "total_ms" in fields else []
                firsts += [float(fields["first_byte_ms"])] if "first_byte_ms" in fields else []
    return Spread(len(totals), _median(totals), _median(firsts), *window)


def _median(samples: Sequence[float]) -> float | None:
    return median(samples) if len(samples) >= ENOUGH else None
