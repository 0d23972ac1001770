"""A plan is data with bounds: what is absurd cannot be said."""

import pytest
from pydantic import ValidationError

from wire.plan import Envelope, Plan, ProbeSettings
from wire.report import Report
from wire.target import Target
from wire.vocabulary import KINDS

TARGET = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")


def test_defaults() -> None:
    """A plan needs a version and a target; every probe has limits."""
    plan = Plan(version=1, targets=[TARGET])
    assert (plan.cadence_s, [route.name for route in plan.routes]) == (60.0, ["direct"])
    assert set(plan.probes) == set(KINDS)


@pytest.mark.parametrize(
    "change",
    [
        {"cadence_s": 4.9},
        {"cadence_s": 86_401},
        {"targets": []},
        {"targets": [TARGET] * 201},
        {"version": 0},
        {"schema_major": 2},
        {"routes": []},
    ],
)
def test_absurd_plans(change: dict[str, object]) -> None:
    """A cadence that hammers or sleeps, no targets or too many, and another schema are refused."""
    with pytest.raises(ValidationError):
        Plan.model_validate({"version": 1, "targets": [TARGET]} | change)


def test_budget() -> None:
    """No plan can ask for more than one request a second and target."""
    with pytest.raises(ValidationError):
        ProbeSettings(requests_per_hour=3601)


def test_a_plan_cannot_set_trust() -> None:
    """Trust roots and lab settings are local: a plan has no field for them."""
    words = {"trust", "roots", "lab", "connect", "os_roots", "public_roots"}
    assert not words & set(Plan.model_fields)
    assert Plan.model_validate({"version": 1, "targets": [TARGET], "trust": {"os_roots": "x"}}) == Plan(version=1, targets=[TARGET])


def test_envelope_keeps_the_signed_characters() -> None:
    """The body is text, not an object: what was signed is what is checked."""
    body = '{ "version":1 }'
    assert Envelope.model_validate_json(Envelope(body=body, key_id="k", signature="c2ln").dump()).body == body
    assert "body" not in Report.model_fields
