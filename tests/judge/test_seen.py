"""Holds judge/seen.py: what the judge looks at is a value, so that a memory can be keyed on it."""

from judge.seen import Seen
from wire.facts import WebFacts
from wire.target import Target

FACTS = WebFacts(target=Target(host="outlook.office365.com", category="Optimize", workload="Exchange"))


def test_equal_values_are_equal() -> None:
    """Two observations of the same facts are the same thing seen; status and suspicion make a difference."""
    assert Seen("F" * 22, FACTS, 200) == Seen("F" * 22, FACTS, 200)
    assert hash(Seen("F" * 22, FACTS, 200)) == hash(Seen("F" * 22, FACTS, 200))
    assert len({Seen("F" * 22, FACTS), Seen("F" * 22, FACTS, 503), Seen("F" * 22, FACTS, None, suspect=True)}) == 3
