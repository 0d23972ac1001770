"""Times in the zone of a site, with the zone beside them: an operator reads sites of many zones on one page. Pure but for tzdata."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its IANA name, read from disk once; UTC for a name this system does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def at(at_ns: int, zone: str) -> datetime:
    """Return a moment (Unix nanoseconds) in a zone, to the second."""
    return datetime.fromtimestamp(at_ns // 10**9, zone_of(zone))


def offset(moment: datetime) -> str:
    """Return how far a moment's zone is from UTC, as `UTC`, `UTC+1` or `UTC-3:30`: abbreviations name several zones (CST, IST)."""
    ahead = moment.utcoffset() or timedelta()
    minutes = int(abs(ahead).total_seconds()) // 60
    if not minutes:
        return "UTC"
    sign = "-" if ahead < timedelta() else "+"
    return f"UTC{sign}{minutes // 60}{f':{minutes % 60:02}' if minutes % 60 else ''}"


def in_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC."""
    return moment.astimezone(UTC)
