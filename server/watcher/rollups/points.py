"""Rollups as points of `rollup_hour` and `rollup_day` in bucket `mw_rollup`: the only place that spells their tags and fields.

Names and types are for ever. The time of a point is the start of its local hour or day. What cannot be said (a percentile of fewer than
24 samples, a share of nothing) is left out.
"""

from collections.abc import Mapping
from typing import Final

from server.history.port import Point
from server.watcher.rollups.tally import FIGURES, Key, Tally
from server.watcher.rollups.windows import Window

TAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "rollup_hour": ("site", "workload", "route"),
    "rollup_day": ("site", "workload", "route", "window"),
}
"""The tag keys of each measurement, in their order on the line. `window` has five values (`windows.py`)."""
FIELD_TYPES: Final[Mapping[str, Mapping[str, type]]] = dict.fromkeys(TAGS, FIGURES)
"""Every field and its type, for ever: both have the same."""


def hour_point(site: str, key: Key, start_ns: int, tally: Tally) -> Point:
    """Return the point of one local hour."""
    tags = (("site", site), ("workload", key.workload), ("route", key.route))
    return Point("rollup_hour", tags, dict(tally.figures()), start_ns)


def day_point(site: str, key: Key, window: Window, start_ns: int, tally: Tally) -> Point:
    """Return the point of one window of one local day."""
    tags = (("site", site), ("workload", key.workload), ("route", key.route), ("window", window))
    return Point("rollup_day", tags, dict(tally.figures()), start_ns)
