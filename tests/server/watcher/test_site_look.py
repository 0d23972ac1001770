"""One look: only what differs is given back, a first word tells nothing, and the same look again tells the same identity."""

from server.collector.ways import Way
from server.fleet.registry import Registry
from server.watcher.bypassing import Coverage
from server.watcher.site_look import SUMMARY_NS, SiteLook
from server.watcher.steady import Word
from server.watcher.summary import Summary
from tests.fakes.examined import KNOWLEDGE
from tests.fakes.sightings import START


def look(words: dict[tuple[str, str], Word] | None = None, now_ns: int = START) -> SiteLook:
    """Return a look at a site nobody registered."""
    return SiteLook(words or {}, {}, Registry(), KNOWLEDGE, now_ns)


INSPECT = Summary("break and inspect", 40.0, 2, 3)


def test_a_first_word_is_written_and_tells_nothing() -> None:
    """There is nothing it could differ from; an empty word is none."""
    first = look()
    first.summary("Porto", Summary())
    assert (first.words, first.told) == ({}, [])
    first.summary("Porto", INSPECT)
    assert first.words == {("Porto", "summary"): Word("break and inspect", START)}
    assert first.told == []


def test_a_replay_tells_the_same_event() -> None:
    """Who crashes before the commit looks again: the identity is that of the change, whenever it is told."""
    words = {("Porto", "summary"): Word("none", START - 10, 4, "break and inspect", START - SUMMARY_NS)}
    one, later = look(words), look(words, START + 60)
    for each in (one, later):
        each.summary("Porto", INSPECT)
    assert [event.identity for event in one.told] == [event.identity for event in later.told] == ["|Porto|summary-changed|5"]
    again = look(one.words)
    again.summary("Porto", INSPECT)
    assert (again.words, again.told) == ({}, [])


def test_ways_of_nobody_say_nothing() -> None:
    """Agents that have just begun to leave somewhere are not sure yet."""
    seen = look()
    seen.leaving("Porto", {"a": {"egress": Way("Porto", "AS1", "203.0.113.7", "", 1, START, 1)}})
    seen.coverage("Porto", Coverage({}, {}, "1"))
    assert (seen.words, seen.told, seen.episodes) == ({}, [], {})


def test_notes_are_written_when_they_change() -> None:
    """Scores that are the same are no row."""
    first = look()
    first.scores("Porto", {})
    assert first.words["Porto", "scores"].value == "{}"
    second = look(first.words)
    second.scores("Porto", {})
    assert second.words == {}
