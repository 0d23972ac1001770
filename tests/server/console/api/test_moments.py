"""Holds server/console/api/moments.py: times go out and come back the same to the microsecond."""

from datetime import UTC, datetime

from server.console.api.moments import moment, nanoseconds


def test_round_trip() -> None:
    """What went out comes back; none is 0."""
    at_ns = 1_790_000_000_123_456_000
    assert nanoseconds(moment(at_ns)) == at_ns
    assert moment(at_ns + 999) == moment(at_ns)
    assert (nanoseconds(None), moment(0)) == (0, datetime(1970, 1, 1, tzinfo=UTC))
