"""How long buckets keep their points."""

from typing import get_args

from server.history.port import Bucket
from server.history.retention import DAY_S, RETENTION_S, oldest_ns


def test_every_bucket_has_one() -> None:
    """Each bucket of the port has a retention of at least a week, and rollups outlive raw points."""
    assert set(RETENTION_S) == set(get_args(Bucket))
    kept = {bucket: seconds for bucket, seconds in RETENTION_S.items() if seconds is not None}
    assert min(kept.values()) >= 7 * DAY_S
    assert kept["mw_rollup"] > 2 * 365 * DAY_S > kept["mw_raw"]
    assert RETENTION_S["mw_event"] is None


def test_oldest() -> None:
    """What is older than the retention is gone; where there is none, nothing ever is."""
    assert oldest_ns(2, 5 * 10**9) == 3 * 10**9
    assert oldest_ns(None, 5) is None
