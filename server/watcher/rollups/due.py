"""What of the marked hours can be summed up now, as local hours of their sites. Pure: marks, zones and the time come in.

A mark is of a UTC hour; in a zone that is half an hour off it touches two local hours, and both must be over.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from server.state.rollups import Mark
from server.watcher.rollups.local_time import HOUR_NS, Stretch, hours_within

GRACE_NS: Final = 600 * 10**9
"""How long an hour is waited for once it is over: an agent sends again at most ten minutes later (design §3), and a collector that saw
the hour open has stored what it had (its requests end within `history.timeout_s`, at most two minutes each)."""
LATE_NS: Final = 120 * 10**9
"""How long a mark that comes late is left to gather others: a backlog comes 16 reports at a time, an hour is summed up once for many."""


@dataclass(frozen=True, slots=True)
class Due:
    """One site's hours, oldest first, and the marks that are done with when they are."""

    site: str
    hours: tuple[Stretch, ...]
    marks: tuple[int, ...]


def due_of(marks: Iterable[Mark], zone_of: Callable[[str], ZoneInfo], now_ns: int, most_hours: int) -> list[Due]:
    """Return what is due, in the marks' own order of sites; a site's hours in portions of about `most_hours`."""
    by_site: dict[str, dict[int, list[Mark]]] = {}
    for one in marks:
        by_site.setdefault(one.site, {}).setdefault(one.hour_ns, []).append(one)
    found = []
    for site, hours in by_site.items():
        ready = [(touched, mine) for hour_ns, mine in sorted(hours.items()) if (touched := _ready(hour_ns, mine, zone_of(site), now_ns))]
        for first in range(0, len(ready), most_hours):
            portion = ready[first : first + most_hours]
            stretches = {stretch for touched, _ in portion for stretch in touched}
            found.append(Due(site, tuple(sorted(stretches)), tuple(one.id for _, mine in portion for one in mine)))
    return found


def _ready(hour_ns: int, marks: Sequence[Mark], zone: ZoneInfo, now_ns: int) -> list[Stretch]:
    """Return the local hours a UTC hour touches, nothing while they or their marks are too young."""
    touched = list(hours_within(hour_ns, hour_ns + HOUR_NS, zone))
    young = touched[-1].end_ns + GRACE_NS > now_ns or min(one.marked_ns for one in marks) + LATE_NS > now_ns
    return [] if young else touched
