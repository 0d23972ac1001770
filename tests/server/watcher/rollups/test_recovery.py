"""Holds server/watcher/rollups/recovery.py: what became of slower levels is said from the days before and the last week."""

from server.watcher.rollups.recovery import Level, kind_of, levels_of
from server.watcher.rollups.tally import Key
from tests.fakes.days_kept import DAY_NS, day_rows
from tests.fakes.moments import ns

MARCH = ns("2026-03-03T00:00")
DIRECT, SYSTEM = Key("Exchange", "direct"), Key("Exchange", "system")


def test_levels() -> None:
    """Of each key asked for: before, in the last week, agents; nothing is made up where there are too few days."""
    rows = [*day_rows("Porto", "direct", MARCH, 42, 14, 1.3), *day_rows("Porto", "direct", MARCH + 14 * DAY_NS, 0, 7, 1.0)]
    direct, system = levels_of(rows, {SYSTEM: MARCH, DIRECT: MARCH})
    assert direct.back
    assert (direct.key, direct.agents, system) == (DIRECT, 3, Level(SYSTEM, MARCH, None, None))
    (still,) = levels_of(rows[:50], {DIRECT: MARCH})
    assert not still.back
    (young,) = levels_of(rows[30:], {DIRECT: MARCH})
    assert (young.before_ms, young.back) == (None, False)


def test_kinds() -> None:
    """A recovery is that of every way; one that has not come back makes it the usual level."""
    back, stays = Level(DIRECT, MARCH, 100.0, 109.0), Level(SYSTEM, MARCH, 100.0, 111.0)
    assert (kind_of([back]), kind_of([back, stays]), kind_of([Level(DIRECT, MARCH, None, 90.0)])) == (
        "latency-recovered",
        "latency-usual",
        "latency-usual",
    )
