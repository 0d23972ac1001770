"""Makes evidence: its weight and grade come from the knowledge (`thresholds.toml`), its words from the signal. Pure."""

from judge.finding import Evidence
from judge.knowledge.model import Knowledge


def weighed(knowledge: Knowledge, signal: str, family: str, text: str, *, deterministic: bool = False, product: str = "") -> Evidence:
    """Return evidence with the weight of its row. Every signal made here has one (`tests/judge/signals/test_signals.py`)."""
    row = knowledge.weights[signal]
    return Evidence(signal, family, row.weight, row.grade, text, deterministic, product)


def note(signal: str, family: str, text: str) -> Evidence:
    """Return evidence that is told and weighs nothing."""
    return Evidence(signal, family, 0.0, "L", text)
