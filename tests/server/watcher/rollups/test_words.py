"""Holds server/watcher/rollups/words.py: what a NOC reads."""

from server.state.events import EventRow
from server.watcher.rollups.change import Change
from server.watcher.rollups.changes import Found
from server.watcher.rollups.tally import Key
from server.watcher.rollups.words import change_words, slower_sentence
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
        "In the same days: a site leaves to the internet elsewhere; P2 when over 800 km further (3 March 2026). "
        "Measured by up to 5 agents a day. Whose job: not yet clear."
    )
    many = slower_sentence("Porto", [FOUND] * 5, [], "Asia/Kolkata")
    assert "; and 2 more (UTC+5:30). Nothing else is known to have changed there in those days." in many
