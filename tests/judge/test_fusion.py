"""Holds judge/fusion.py: how evidence adds up, and where it becomes a verdict."""

from judge.finding import Evidence
from judge.fusion import chance, decide
from judge.knowledge.model import Limits

LIMITS = Limits(inspected=0.8, clean=0.8, family_cap=0.97)


def one(signal: str, family: str, weight: float) -> Evidence:
    """Return evidence with a weight."""
    return Evidence(signal, family, weight, "L", "")


PUBLIC = one("public_chain", "trust", -0.9)
PRIVATE = one("public_trust_failure", "trust", 0.9)
NO_SCT = one("no_sct", "sct", 0.65)
PRODUCT = one("known_product", "issuer", 0.95)
KEY = one("shared_key", "key", 0.85)


def test_families_are_capped() -> None:
    """Two signals of one family count as the stronger one, and no family is certain."""
    assert chance([one("a", "trust", 0.5), one("b", "trust", 0.4)], LIMITS, 1) == 0.5
    assert chance([one("a", "trust", 1.0)], LIMITS, 1) == 0.97


def test_families_add_up_as_independent_chances() -> None:
    """Two halves of different families are three quarters; what speaks against is counted apart."""
    halves = [one("a", "trust", 0.5), one("b", "sct", 0.5), one("c", "key", -0.3)]
    assert chance(halves, LIMITS, 1) == 0.75
    assert chance(halves, LIMITS, -1) == 0.3


def test_a_name_alone_is_no_verdict() -> None:
    """A product's name without other evidence counts half and decides nothing."""
    assert chance([PRODUCT], LIMITS, 1) == 0.475
    assert decide([one("untrusted_chain", "trust", 0.0), PRODUCT], failed=False, limits=LIMITS).verdict == "inconclusive"


def test_inspected() -> None:
    """The confirmed trust failure decides alone; weaker signs decide together."""
    assert decide([PRIVATE], failed=False, limits=LIMITS).verdict == "inspected"
    assert decide([one("incomplete_chain", "trust", 0.5), NO_SCT], failed=False, limits=LIMITS).verdict == "inspected"
    assert decide([one("untrusted_chain", "trust", 0.4), NO_SCT], failed=False, limits=LIMITS).verdict == "inconclusive"


def test_public_chain_under_doubt() -> None:
    """One doubt leaves a public chain clean, less surely; a strong one makes it inconclusive; two families overrule it."""
    sure = decide([PUBLIC], failed=False, limits=LIMITS)
    doubt = decide([PUBLIC, NO_SCT], failed=False, limits=LIMITS)
    assert sure.verdict == doubt.verdict == "clean"
    assert doubt.confidence < sure.confidence
    assert decide([PUBLIC, KEY], failed=False, limits=LIMITS).verdict == "inconclusive"
    assert decide([PUBLIC, KEY, NO_SCT], failed=False, limits=LIMITS).verdict == "inspected"


def test_clock_silences_everything() -> None:
    """No alarm and no all-clear while the clock is in doubt."""
    assert decide([PRIVATE, NO_SCT, one("clock_suspect", "trust", 0.0)], failed=False, limits=LIMITS).verdict == "inconclusive"


def test_unreachable() -> None:
    """A failure is unreachable, also after a clean chain, but what decrypts is told first and a late agent proves nothing."""
    failure = one("connect_failure", "reach", 0.0)
    assert decide([failure], failed=True, limits=LIMITS).verdict == "unreachable"
    assert decide([PUBLIC, failure], failed=True, limits=LIMITS).verdict == "unreachable"
    assert decide([PRIVATE, failure], failed=True, limits=LIMITS).verdict == "inspected"
    assert decide([one("late_agent", "reach", 0.0)], failed=True, limits=LIMITS).verdict == "inconclusive"
    assert decide([], failed=False, limits=LIMITS).verdict == "inconclusive"
