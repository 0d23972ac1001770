"""Times as the API speaks of them: RFC 3339 with an offset outside, Unix nanoseconds inside. Pure."""

from datetime import UTC, datetime

from pydantic import AwareDatetime

Moment = AwareDatetime
"""A time with its offset; one without is refused, for sites live in many zones."""


def moment(at_ns: int) -> datetime:
    """Return a moment to the microsecond, in UTC."""
    return datetime.fromtimestamp(at_ns // 10**9, UTC).replace(microsecond=at_ns % 10**9 // 1000)


def nanoseconds(at: datetime | None) -> int:
    """Return a moment in Unix nanoseconds; 0 for none."""
    return 0 if at is None else int(at.timestamp()) * 10**9 + at.microsecond * 1000
