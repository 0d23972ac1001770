"""Holds judge/signals/resolver.py: lookups answered by nobody."""

from judge.signals.resolver import signal
from tests.fakes.examined import CONTROL, OUTLOOK, Round
from wire.facts import DnsFacts, WebFacts


def test_taken_over() -> None:
    """An answer from an address that is no resolver is a doubt about every lookup of the report, and about nothing else."""
    made = Round().see(DnsFacts(target=OUTLOOK)).see(WebFacts(target=OUTLOOK)).see(DnsFacts(target=CONTROL, answered_by_nobody=True))
    assert made.names(signal) == [(0, "lookups_taken_over"), (2, "lookups_taken_over")]
    assert all(0 < one.weight < 0.8 for _, one in made.evidence(signal))


def test_not_tried_and_not_answered() -> None:
    """Silence from nobody is as it should be."""
    for answered in (None, False):
        assert Round().see(DnsFacts(target=CONTROL, answered_by_nobody=answered)).names(signal) == []
