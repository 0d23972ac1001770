"""When to ask, when to ask again, when the list counts as stale: pure rules over an instance's row, with time as an argument.

Microsoft's rules for a polite client (its web-service and endpoint-management articles): version at most once an hour, the list only when
the version changed, one GUID, an hour's pause after 429.
"""

from dataclasses import replace

from server.state.feed import FeedRow
from server.watcher.telling import printable

SECOND_NS = 10**9
HOUR_NS = 3600 * SECOND_NS
LONGEST_NS = 6 * HOUR_NS
"""Between two tries while it fails: the list changes once a month, and what went wrong at night is to be over by the morning."""
UNREACHED_NS = HOUR_NS // 6
"""A proxy or a name that was down: nobody was asked, so no hour is owed."""
MAX_RETRY_AFTER_NS = 24 * HOUR_NS
"""A longer Retry-After is not believed: a proxy's wrong clock must not end the feed."""
STALE_NS = 7 * 24 * HOUR_NS
"""New addresses are published 30 days before they go live (Microsoft's endpoint management article); a week of silence leaves 23."""
WITHOUT_DATES = 3
"""After so many failures in a row the list is taken without `changes`: only dates are lost then."""
LONGEST_TROUBLE = 256


def due(row: FeedRow, now_ns: int) -> bool:
    """Return whether to ask now. A time further ahead than any rule sets was written by a clock that was wrong."""
    return row.next_ns <= now_ns or row.next_ns > now_ns + MAX_RETRY_AFTER_NS


def claimed(row: FeedRow, now_ns: int) -> FeedRow:
    """Return the row as it is stored before the asking: whatever happens then, nobody asks again within the hour."""
    return replace(row, next_ns=now_ns + HOUR_NS)


def failed(row: FeedRow, trouble: str, retry_after_s: float, now_ns: int, *, reached: bool = True) -> FeedRow:
    """Return the row after a try that gave no answer that can be used: at least an hour, doubled with each failure.

    Whom it did not reach was not asked: then it is tried again sooner, and at once when a person wants it.
    """
    pause = min((HOUR_NS if reached else UNREACHED_NS) << min(row.failures, 8), LONGEST_NS)
    asked = min(int(retry_after_s * SECOND_NS), MAX_RETRY_AFTER_NS)
    return replace(
        row,
        failures=row.failures + 1,
        trouble=printable(trouble, LONGEST_TROUBLE),
        next_ns=now_ns + max(pause, asked),
        free_ns=now_ns + max(HOUR_NS, asked) if reached else row.free_ns,
    )


def confirmed(row: FeedRow, now_ns: int, note: str = "") -> FeedRow:
    """Return the row when the service said that our list is its newest one; `note` is what was odd about it."""
    next_ns = now_ns + HOUR_NS
    return replace(
        row, checked_ns=now_ns, next_ns=next_ns, free_ns=next_ns, failures=0, trouble=printable(note, LONGEST_TROUBLE), stale=False
    )


def taken(row: FeedRow, version: str, body: bytes, now_ns: int, note: str = "") -> FeedRow:
    """Return the row with a newer list."""
    return replace(confirmed(row, now_ns, note), version=version, body=body, changed_ns=now_ns)


def is_stale(row: FeedRow, now_ns: int) -> bool:
    """Return whether it was not confirmed for so long that somebody must be told, and nobody was."""
    return not row.stale and now_ns - max(row.checked_ns, row.since_ns) >= STALE_NS


def told(row: FeedRow) -> FeedRow:
    """Return the row when its staleness was told: once, until the service answers again."""
    return replace(row, stale=True, episode=row.episode + 1)
