"""Words: believed when steady; the first is no change, a swing is none, and nothing said leaves all as it is."""

import pytest

from server.watcher.steady import Changed, Word, settle
from tests.fakes.sightings import MINUTE, START


def walk(seen: str, steady: int = 2) -> tuple[Word | None, list[Changed]]:
    """Look once a minute at one letter; `-` says nothing."""
    word, found = None, []
    for minute, letter in enumerate(seen):
        word, changed = settle(word, None if letter == "-" else letter, START + minute * MINUTE, steady * MINUTE)
        found += [changed] if changed else []
    return word, found


@pytest.mark.parametrize(
    ("seen", "value", "changes"),
    [
        ("---", None, []),
        ("AAAA", "A", []),
        ("AABBA", "A", []),
        ("ABABABAB", "A", []),  # split traffic is no move
        ("ABCBC", "A", []),
        ("AABBB", "B", [("A", "B", 2, 1)]),
        ("AAB-B-B", "B", [("A", "B", 2, 1)]),
        ("AABBBAAA", "A", [("A", "B", 2, 1), ("B", "A", 5, 2)]),
    ],
)
def test_what_is_believed(seen: str, value: str | None, changes: list[tuple[str, str, int, int]]) -> None:
    """Each row is a history and its near misses; a change says when it was first seen."""
    word, found = walk(seen)
    assert (word.value if word else None) == value
    assert [(one.before, one.after, (one.at_ns - START) // MINUTE, one.number) for one in found] == changes


def test_nothing_new_is_the_same_object() -> None:
    """So that nothing is written."""
    word = Word("A", START)
    assert settle(word, "A", START + MINUTE, MINUTE) == (word, None)
    assert settle(word, None, START + MINUTE, MINUTE)[0] is word
    assert settle(word, "A", START + MINUTE, MINUTE)[0] is word


def test_a_clock_set_back() -> None:
    """What may replace a word was first seen in a future that is not: it waits from now on, not for an hour."""
    word = Word("A", START, next="B", next_ns=START + 60 * MINUTE)
    after, changed = settle(word, "B", START, 2 * MINUTE)
    assert (after, changed) == (Word("A", START, next="B", next_ns=START), None)
