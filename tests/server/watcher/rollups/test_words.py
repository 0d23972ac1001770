"""Holds server/watcher/rollups/words.py: what a NOC reads."""

from server.state.events import EventRow
from server.watcher.rollups.change import Change
from server.watcher.rollups.changes import Found
from server.watcher.rollups.recovery import Level
from server.watcher.rollups.tally import Key
from server.watcher.rollups.words import change_words, end_sentence, slower_sentence
from tests.fakes.moments import ns

MARCH, APRIL = ns("2026-03-03T00:00"), ns("2026-04-14T23:00")
FOUND = Found(Key("Exchange", "direct"), Change(42, 142.2, 168.0, 0.0001), MARCH, APRIL, 5)
MOVED = EventRow("egress-moved", "P4", "", "Porto", 1, MARCH, MARCH, "Porto leaves elsewhere.", b"{}")


def test_sentence() -> None:
    """What, by how much, since when, with which event, by how many agents, whose job."""
    assert change_words(FOUND, "Europe/Lisbon") == "Exchange by direct: p95 +18 % over six weeks (142 to 168 ms), since 3 March 2026"
    assert slower_sentence("Porto", [FOUND], [MOVED], "Europe/Lisbon") == (
        "Porto has become slower against its own days before. "
        "Exchange by direct: p95 +18 % over six weeks (142 to 168 ms), since 3 March 2026 (UTC). "
        "In the same days: a site leaves to the internet elsewhere (3 March 2026). "
        "Measured by up to 5 agents a day. Whose job: not yet clear."
    )
    many = slower_sentence("Porto", [FOUND] * 5, [], "Asia/Kolkata")
    assert "; and 2 more (UTC+5:30). Nothing else is known to have changed there in those days." in many


def test_the_end() -> None:
    """As before, with both levels; or not, and then nobody is told that it is well."""
    back = Level(FOUND.key, MARCH, 142.2, 143.4, 5)
    assert end_sentence("Porto", [back], "Europe/Lisbon") == (
        "Porto is as fast again as before it became slower on 3 March 2026. "
        "Exchange by direct: p95 143 ms in the last week, 142 ms before. "
        "Measured by up to 5 agents a day. Whose job: nobody; there is nothing to do."
    )
    stays, gone = Level(Key("Teams", "direct"), MARCH, None, 168.0, 1), Level(Key("Teams", "system"), MARCH, 90.0, None)
    assert end_sentence("Porto", [stays, gone, back, back], "Europe/Lisbon") == (
        "Porto: what became slower on 3 March 2026 has not come back and counts as usual from now on. "
        "Teams by direct: p95 168 ms in the last week, too few days before it are known any more; Teams by system: measured no more; "
        "Exchange by direct: p95 143 ms in the last week, 142 ms before; and 1 more. "
        "Measured by up to 5 agents a day. Whose job: not yet clear."
    )
