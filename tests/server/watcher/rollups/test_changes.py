"""Holds server/watcher/rollups/changes.py: changes of each key's days, and the events that fall together with them."""

import random
from zoneinfo import ZoneInfo

from server.state.events import EventRow
from server.watcher.rollups.changes import DAY_NS, LOOK_BACK_NS, changes_of, together
from server.watcher.rollups.tally import Key
from tests.fakes.days_kept import day_rows
from tests.fakes.moments import ns

MARCH = ns("2026-03-03T00:00")


def test_changes() -> None:
    """The key that became slower has its change, with its day and its agents; one that did not has none; thin days are left out."""
    rows = [*day_rows("Porto", "direct", MARCH, 42, 42, 1.3), *day_rows("Porto", "system", MARCH, 42, 42, 1.0)]
    rows += day_rows("Porto", "thin", MARCH, 42, 42, 3.0, samples=20)
    random.Random(1).shuffle(rows)
    found = changes_of(sorted(rows, key=lambda row: row.start_ns), ZoneInfo("UTC"))
    assert {key.route: one is not None for key, one in found.items()} == {"direct": True, "system": False, "thin": False}
    slower = found[Key("Exchange", "direct")]
    assert slower is not None
    assert abs(slower.since_ns - MARCH) <= DAY_NS
    assert (slower.weeks, slower.agents) == (6, 3)
    assert LOOK_BACK_NS == 84 * DAY_NS


def test_together() -> None:
    """Events within three days that can make a way slower, nearest first, each kind once."""
    kinds = (("egress-moved", 2), ("appeared", -1), ("egress-moved", 1), ("agent-silent", 0), ("appeared", 4), ("of-another-version", 0))
    events = [EventRow(kind, "P4", "", "Porto", number, MARCH + days * DAY_NS, 0, "", b"") for number, (kind, days) in enumerate(kinds)]
    assert [(one.kind, one.episode) for one in together(MARCH, events)] == [("appeared", 1), ("egress-moved", 2)]
