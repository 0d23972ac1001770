"""A plan is data with bounds: what is absurd cannot be said."""

import pytest
from pydantic import ValidationError

from wire.plan import DnsSettings, Envelope, Plan, ProbeSettings
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


@pytest.mark.parametrize("dns", [{"nobody": "192.0.2.53"}, {"nobody": "nobody.example:53"}, {"whoami": [{"name": "a", "server": "x:0"}]}])
def test_places_no_socket_can_go_to(dns: dict[str, object]) -> None:
    """An address of DNS that is none is refused while the plan in force can stay."""
    with pytest.raises(ValidationError):
        DnsSettings.model_validate(dns)
    assert DnsSettings(nobody="").nobody == ""
    assert DnsSettings(nobody="[2001:db8::53]:53").nobody
