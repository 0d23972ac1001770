"""Whether something has become slower, looked at once a day, and told once. Pure: what was known and what was found in, what holds out.

It opens on a change upward by RISE that has lasted (`change.py` asks for a week) and still holds. It closes when seven looks in a row find
it no more: it is as before, or the new level has lasted so long that it is the usual one. The same change never opens twice.
"""

from dataclasses import dataclass
from typing import Final

RISE: Final = 15.0
"""Percent. Between the tenth that is called a change at all and the 18 % of the planners' own example (facts, users-ask §5)."""
QUIET_LOOKS: Final = 7
APART_NS: Final = 14 * 86_400 * 10**9
"""Two changes nearer than this are one: where a break is put moves by a few days as more become known."""


@dataclass(frozen=True, slots=True)
class Trend:
    """`slower`: since `since_ns` (Unix ns). `quiet`: how many looks in a row did not find it."""

    slower: bool = False
    since_ns: int = 0
    quiet: int = 0


def looked(known: Trend, percent: float | None, since_ns: int) -> Trend:
    """Return the trend after one look that found a change by `percent` since then, or none (None)."""
    rises = percent is not None and percent >= RISE
    if not known.slower:
        if rises and (not known.since_ns or since_ns > known.since_ns + APART_NS):
            return Trend(slower=True, since_ns=since_ns)
        return known
    quiet = 0 if rises else known.quiet + 1
    return Trend(slower=quiet < QUIET_LOOKS, since_ns=known.since_ns, quiet=quiet if quiet < QUIET_LOOKS else 0)


def opens(before: Trend, after: Trend) -> bool:
    """Return whether this is to be told."""
    return after.slower and not before.slower
