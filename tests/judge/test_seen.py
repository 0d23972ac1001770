"""Holds judge/seen.py: what the judge looks at is a value, and only what has meaning is in it."""

from dataclasses import fields

from judge.seen import Seen
from wire.facts import WebFacts
from wire.target import Target

FACTS = WebFacts(target=Target(host="outlook.office365.com", category="Optimize", workload="Exchange"))


def test_equal_values_are_equal() -> None:
    """Two observations of the same facts are the same thing seen; status and suspicion make a difference."""
    assert Seen("F" * 22, FACTS, 200) == Seen("F" * 22, FACTS, 200)
    assert Seen("F" * 22, FACTS) != Seen("F" * 22, FACTS, 503)
    assert Seen("F" * 22, FACTS) != Seen("F" * 22, FACTS, suspect=True)


def test_nothing_that_varies_without_meaning() -> None:
    """Times and addresses are here only as coarse words: each field is part of the memo's key, the facts by their id."""
    assert [one.name for one in fields(Seen)] == ["facts_id", "facts", "status", "suspect", "words"]
