"""When a target's daily digest is due, and what goes into it: what it was not told on its own. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from server.fleet import zones
from server.watcher.notices.alert import BEFORE, MAINTENANCE, Part
from server.watcher.notices.release import Draft, letter_key
from server.watcher.notices.routing import Rule, route


def due_since(rule: Rule, now_ns: int) -> int:
    """Return the newest moment (Unix ns) at which a target's digest was due; 0 if it wants none.

    An hour that a clock change leaves out is taken as the zone's rule before the change reads it; one that comes twice is taken once.
    """
    if rule.digest_hour < 0:
        return 0
    here = zones.at(now_ns, rule.zone)
    at = datetime(here.year, here.month, here.day, rule.digest_hour, tzinfo=zones.zone_of(rule.zone))
    if at.timestamp() * 10**9 > now_ns:
        day = (here - timedelta(days=1)).date()
        at = datetime(day.year, day.month, day.day, rule.digest_hour, tzinfo=zones.zone_of(rule.zone))
    return int(at.timestamp()) * 10**9


def collect(rule: Rule, parts: Iterable[Part], since_ns: int, until_ns: int) -> Draft | None:
    """Return a digest of parts noted after `since_ns` and not after `until_ns`, or None when the target has been told everything."""
    kept = [
        part
        for part in parts
        if since_ns < part.noted_ns <= until_ns and part.mute not in {BEFORE, MAINTENANCE} and route(rule, part) == "digest"
    ]
    if not kept:
        return None
    kept.sort(key=lambda part: (part.event.site, part.event.at_ns, part.event.id))
    still = tuple(part for part in kept if part.open)
    return Draft(rule.name, "digest", letter_key(rule.name, "digest", [], str(until_ns)), until_ns, tuple(kept), still, before_ns=since_ns)
