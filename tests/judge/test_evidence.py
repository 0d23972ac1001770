"""Holds judge/evidence.py: weight and grade come from the knowledge."""

from judge.evidence import note, weighed
from tests.fakes.examined import KNOWLEDGE


def test_weight_and_grade_are_the_rows() -> None:
    """Weighed evidence takes both from its row in the thresholds, and keeps what the signal says of it."""
    row = KNOWLEDGE.weights["ends_nearer"]
    made = weighed(KNOWLEDGE, "ends_nearer", "hops", "Nearer.", deterministic=True, product="squid")
    assert (made.weight, made.grade, made.deterministic, made.product) == (row.weight, row.grade, True, "squid")


def test_a_note_weighs_nothing() -> None:
    """A note is told and decides nothing."""
    assert note("held", "held", "Held.").weight == 0.0
