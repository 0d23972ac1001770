"""Times as tests write them."""

from datetime import UTC, datetime


def ns(text: str) -> int:
    """Return a UTC time, as 2026-11-23T09:00, in Unix nanoseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9
