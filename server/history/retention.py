"""How long each bucket keeps its points: one table for both stores. Data only."""

from server.history.port import Bucket

DAY_S = 86_400

RETENTION_S: dict[Bucket, int | None] = {
    "mw_raw": 14 * DAY_S,  # single probes: 25 a minute and agent are 55 bytes each on disk (InfluxDB 2.9, measured)
    "mw_rollup": 762 * DAY_S,  # 25 months: two whole years and the running month can be compared
    "mw_event": None,
}
"""Seconds; None is for ever. A bucket that is there keeps what it was made with: nothing here shortens it behind its owner's back."""


def oldest_ns(seconds: int | None, now_ns: int) -> int | None:
    """Return the time before which points are gone (Unix ns), or None when none ever are."""
    return None if seconds is None else now_ns - seconds * 10**9
