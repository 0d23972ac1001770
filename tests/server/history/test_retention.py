"""How long buckets keep their points."""

from typing import get_args

from server.history.port import Bucket
from server.history.retention import DAY_S, RETENTION_S


def test_every_bucket_has_one() -> None:
    """Each bucket of the port has a retention of at least a week, and rollups outlive raw points."""
    assert set(RETENTION_S) == set(get_args(Bucket))
    assert min(RETENTION_S.values()) >= 7 * DAY_S
    assert RETENTION_S["mw_rollup"] > 2 * 365 * DAY_S > RETENTION_S["mw_raw"]
