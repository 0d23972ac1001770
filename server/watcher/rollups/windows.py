"""The five windows of a week in which capacity planners compare sites (facts, users-ask §5), by local hour. Pure.

An hour belongs to windows by the wall clock at its start: hours of business that begin at half past eight begin, here, at nine. Public
holidays are not known; they are days as others.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, get_args

from server.fleet.hours import BusinessHours

Window = Literal["24x7", "business", "out-of-hours", "work-week-business", "work-week-out-of-hours"]
WINDOWS: Sequence[Window] = get_args(Window)
"""`24x7`: always. `business`: the hours of business on all seven days, `out-of-hours`: the rest of them. The two of the work week: only
the site's own working days, within and without those hours."""
_ALL_DAYS = (0, 1, 2, 3, 4, 5, 6)


def windows_at(start: datetime, hours: BusinessHours) -> tuple[Window, ...]:
    """Return the windows of the local hour that starts then."""
    daily = replace(hours, days=_ALL_DAYS).holds(start)
    found: list[Window] = ["24x7", "business" if daily else "out-of-hours"]
    if hours.holds(start):
        found.append("work-week-business")
    elif start.weekday() in hours.days:
        found.append("work-week-out-of-hours")
    return tuple(found)
