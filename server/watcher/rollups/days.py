"""A local day from its hours, window by window. Pure: hours of the day come in, five tallies for each key go out."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from server.fleet.hours import BusinessHours
from server.watcher.rollups.local_time import local
from server.watcher.rollups.tally import Key, Tally
from server.watcher.rollups.windows import Window, windows_at


def day_of(hours: Iterable[tuple[int, Mapping[Key, Tally]]], zone: ZoneInfo, business: BusinessHours) -> dict[tuple[Key, Window], Tally]:
    """Return the tallies of a day by key and window, sorted, from (start of the local hour in Unix ns, its tallies)."""
    found: dict[tuple[Key, Window], Tally] = {}
    for start_ns, tallies in hours:
        windows = windows_at(local(start_ns, zone), business)
        for key, tally in tallies.items():
            for window in windows:
                found.setdefault((key, window), Tally()).merge(tally)
    return dict(sorted(found.items()))
