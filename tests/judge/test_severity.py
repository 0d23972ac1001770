"""Holds judge/severity.py: the table of verdict, category and set."""

import pytest

from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from judge.severity import severity_of

KNOWLEDGE = load_knowledge()


@pytest.mark.parametrize(
    ("host", "inspected", "unreachable"),
    [
        ("outlook.office365.com", "critical", "high"),
        ("teams.microsoft.com", "high", "high"),
        ("m365.cloud.microsoft", "high", "high"),
        ("otelrules.svc.static.microsoft", "high", "high"),
        ("www.office.com", "medium", "medium"),
        ("sway.com", "info", "info"),
        ("www.gstatic.com", "info", "info"),
    ],
)
def test_table(host: str, inspected: str, unreachable: str) -> None:
    """Optimize, Allow, sets 184 and 193, required Default, optional Default, control: each has its severity."""
    target = target_for(KNOWLEDGE, host)
    assert severity_of("inspected", target, KNOWLEDGE) == inspected
    assert severity_of("unreachable", target, KNOWLEDGE) == unreachable
    assert severity_of("clean", target, KNOWLEDGE) == severity_of("sanctioned", target, KNOWLEDGE) == "none"
    assert severity_of("inconclusive", target, KNOWLEDGE) == "info"


def test_forbidden_beats_approved() -> None:
    """A host that must never be inspected is critical even by an approved device; elsewhere approval makes it a note."""
    target = target_for(KNOWLEDGE, "device.login.microsoftonline.com")
    assert severity_of("inspected", target, KNOWLEDGE, forbidden=True, approved=True) == "critical"
    assert severity_of("inspected", target, KNOWLEDGE, approved=True) == "info"


def test_offline_is_at_most_medium() -> None:
    """When nothing could be reached it is the agent's link: no target is high for it."""
    assert severity_of("unreachable", target_for(KNOWLEDGE, "outlook.office365.com"), KNOWLEDGE, offline=True) == "medium"
    assert severity_of("unreachable", target_for(KNOWLEDGE, "sway.com"), KNOWLEDGE, offline=True) == "info"
