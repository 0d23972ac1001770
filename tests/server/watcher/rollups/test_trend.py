"""Holds server/watcher/rollups/trend.py: one telling for one change, no flapping."""

from server.watcher.rollups.trend import APART_NS, QUIET_LOOKS, RISE, Trend, looked, opens

DAY_NS = 86_400 * 10**9
MARCH = 1000 * DAY_NS


def told(looks: list[tuple[float | None, int]]) -> tuple[int, Trend]:
    """Return how often something was told over these looks, and how it stands."""
    trend, count = Trend(), 0
    for percent, since_ns in looks:
        after = looked(trend, percent, since_ns)
        count += opens(trend, after)
        trend = after
    return count, trend


def test_one_change() -> None:
    """A change that is found day after day, a day earlier or later, is told once, with the day it was first put to."""
    assert told([(18.0, MARCH), (19.0, MARCH - DAY_NS), (20.0, MARCH + DAY_NS)]) == (1, Trend(slower=True, since_ns=MARCH))


def test_no_flapping() -> None:
    """It ends after seven looks in a row without it, and the same change never opens again; a later one does."""
    on_and_off: list[tuple[float | None, int]] = [(18.0, MARCH), (None, 0)] * 20
    assert told(on_and_off)[0] == 1
    over = told([(18.0, MARCH), *[(None, 0)] * QUIET_LOOKS])
    assert over == (1, Trend(slower=False, since_ns=MARCH))
    assert told([(18.0, MARCH), *[(None, 0)] * QUIET_LOOKS, (18.0, MARCH + APART_NS)])[0] == 1
    assert told([(18.0, MARCH), *[(None, 0)] * QUIET_LOOKS, (18.0, MARCH + APART_NS + DAY_NS)])[0] == 2


def test_what_is_not_told() -> None:
    """Quicker, or a little slower, is none."""
    assert told([(-30.0, MARCH), (RISE - 1, MARCH), (None, 0)]) == (0, Trend())
