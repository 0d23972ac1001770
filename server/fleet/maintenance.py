"""Maintenance windows: when a site, or the whole fleet, is muted. Pure; what muting does is the notifications' business.

Muted means: everything is measured, decided and recorded as ever, and nobody is notified.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from server.fleet.zones import zone_of

WHOLE_FLEET = ""
LONGEST_NS = 366 * 86_400 * 10**9
"""A window longer than a year is a site nobody watches: a mistake in a date, or a site to be taken out of notification."""


@dataclass(frozen=True, slots=True)
class Window:
    """`site`: a name, or WHOLE_FLEET. From `from_ns` up to, not including, `until_ns` (Unix ns)."""

    site: str
    from_ns: int
    until_ns: int
    reason: str = ""
    made_by: str = ""
    id: int = 0


def muted(windows: Iterable[Window], site: str, at_ns: int) -> Window | None:
    """Return the window that mutes a site at a moment, the one that lasts longest; None when it is not muted."""
    fits = [one for one in windows if one.site in {WHOLE_FLEET, site} and one.from_ns <= at_ns < one.until_ns]
    return max(fits, key=lambda one: (one.until_ns, one.id), default=None)


def problems_of(window: Window, sites: Collection[str], now_ns: int) -> list[str]:
    """Return what is wrong with a window somebody wants, a sentence each."""
    found = []
    if window.site != WHOLE_FLEET and window.site not in sites:
        found.append(f"site: {window.site[:64]!r} is not registered; write a name as `sites list` shows it, or leave it out for all sites")
    if window.until_ns <= window.from_ns:
        found.append("until: is not after from; write a later time")
    elif window.until_ns <= now_ns:
        found.append("until: is over already; write a time to come")
    elif window.until_ns - window.from_ns > LONGEST_NS:
        found.append("until: is more than a year after from; write a nearer time and renew it")
    if not window.reason.strip():
        found.append("reason: is missing; say what is done, for whoever reads it at night")
    if len(window.reason) > 512:
        found.append("reason: has more than 512 characters; shorten it")
    return found


def moment_of(text: str, zone: str) -> int:
    """Return a time as people write it (ISO 8601), in Unix ns; without an offset it is the zone's. Raises ValueError with the remedy.

    A wall clock's time that comes twice in a night is the first of the two.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"{text[:40]!r} is no time; write 2026-11-28T22:00 (in {zone}), or with an offset 2026-11-28T22:00+01:00"
        ) from None
    local = found if found.tzinfo else found.replace(tzinfo=zone_of(zone))
    return int(local.timestamp()) * 10**9
