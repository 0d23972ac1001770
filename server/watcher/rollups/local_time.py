"""A site's hours and days by its own clock on the wall, as stretches of Unix time. Pure but for tzdata.

An hour is the time in which the wall shows one date, one hour and one offset from UTC. So a night in which the clock goes back one hour
has 25 of them, one in which it goes forward 23; where it goes by half an hour (Lord Howe Island) one hour of the night is half as
long; zones that are half or three quarters of an hour off begin their hours then. Rules: the zone's own, from tzdata.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

S = 10**9
HOUR_S = 3600
HOUR_NS = HOUR_S * S


class Stretch(NamedTuple):
    """[start, end) in Unix nanoseconds."""

    start_ns: int
    end_ns: int


def hour_at(at_ns: int, zone: ZoneInfo) -> Stretch:
    """Return the local hour a moment is in; at most 60 minutes long."""
    at_s = at_ns // S
    offset = _offset(at_s, zone)
    start = at_s - (at_s + offset) % HOUR_S
    end = start + HOUR_S
    if _offset(start, zone) != offset:
        start = _turn(start, at_s, zone)
    if _offset(end - 1, zone) != offset:
        end = _turn(at_s, end - 1, zone)
    return Stretch(start * S, end * S)


def hours_within(start_ns: int, end_ns: int, zone: ZoneInfo) -> Iterator[Stretch]:
    """Give the local hours that have a part in [start, end), in order."""
    at_ns = start_ns
    while at_ns < end_ns:
        hour = hour_at(at_ns, zone)
        yield hour
        at_ns = hour.end_ns


def day_at(at_ns: int, zone: ZoneInfo) -> Stretch:
    """Return the local day a moment is in: 23 to 25 hours long."""
    date = datetime.fromtimestamp(at_ns // S, zone).date()
    first, last = (datetime(one.year, one.month, one.day, tzinfo=zone) for one in (date, date + timedelta(days=1)))
    return Stretch(int(first.timestamp()) * S, int(last.timestamp()) * S)


def local(at_ns: int, zone: ZoneInfo) -> datetime:
    """Return what the wall clock shows, to the second."""
    return datetime.fromtimestamp(at_ns // S, zone)


def _offset(at_s: int, zone: ZoneInfo) -> int:
    """Return how far the zone is ahead of UTC, in seconds."""
    return int((datetime.fromtimestamp(at_s, zone).utcoffset() or timedelta()).total_seconds())


def _turn(before_s: int, after_s: int, zone: ZoneInfo) -> int:
    """Return the first second with the offset of `after_s`, between two seconds whose offsets differ: the clocks turn once in an hour."""
    later = _offset(after_s, zone)
    low, high = before_s, after_s
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(middle, zone) == later else (middle, high)
    return high
