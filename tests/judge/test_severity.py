"""Holds judge/severity.py: the table of verdict, category and set, in every instance."""

import pytest

from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from judge.severity import meddling_severity, severity_of, traffic_of
from wire.target import Target
from wire.vocabulary import VERDICTS

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
    target = target_for(KNOWLEDGE, "login.microsoftonline.com")
    assert severity_of("inspected", target, KNOWLEDGE, forbidden=True, approved=True) == "critical"
    assert severity_of("inspected", target, KNOWLEDGE, approved=True) == "info"
    for host in ("device.login.microsoftonline.com", "enterpriseregistration.windows.net", "admin.na.aadrm.com"):
        assert severity_of("inspected", target_for(KNOWLEDGE, host), KNOWLEDGE, approved=True) == "critical"
    assert severity_of("unreachable", target_for(KNOWLEDGE, "admin.na.aadrm.com"), KNOWLEDGE) == "medium"


def test_offline_is_at_most_medium() -> None:
    """When nothing could be reached it is the agent's link: no target is high for it."""
    assert severity_of("unreachable", target_for(KNOWLEDGE, "outlook.office365.com"), KNOWLEDGE, offline=True) == "medium"
    assert severity_of("unreachable", target_for(KNOWLEDGE, "sway.com"), KNOWLEDGE, offline=True) == "info"


@pytest.mark.parametrize(
    ("host", "endpoint_set", "traffic"),
    [
        ("partner.outlook.cn", 1, "optimize"),
        ("outlook.office365.us", 1, "optimize"),
        ("x.usgovcloud.microsoft", 23, "first-class"),
        ("www.office365.us", 16, "allow"),
        ("portal.office365.us", 23, "required"),
        ("portal.sovcloud.cn", 22, "first-class"),
        ("contoso.aadrm.cn", 18, "optional"),
        ("www.example.org", None, "optional"),
    ],
)
def test_traffic_in_other_instances(host: str, endpoint_set: int | None, traffic: str) -> None:
    """The host tells the instance, so set 23 of GCC High is not Worldwide's; what no list holds is optional."""
    found = next((one for each in KNOWLEDGE.instances.values() if (one := each.find(host)) and one.id == endpoint_set), None)
    category, workload = (found.category, found.workload) if found else ("Default", "Common")
    target = Target(host=host, endpoint_set=endpoint_set, category=category, workload=workload)
    assert traffic_of(target, KNOWLEDGE) == traffic


def test_every_verdict_has_a_severity() -> None:
    """No verdict is without a severity anywhere; changed content is never milder than inspection, and inspection than a splice."""
    rank = ("none", "info", "medium", "high", "critical")
    for host in ("outlook.office365.com", "teams.microsoft.com", "m365.cloud.microsoft", "www.office.com", "sway.com", "www.gstatic.com"):
        found = {one: rank.index(severity_of(one, target_for(KNOWLEDGE, host), KNOWLEDGE)) for one in VERDICTS}
        assert found["altered"] >= found["inspected"] >= found["spliced"] >= found["clean"] == 0


def test_meddling() -> None:
    """QUIC and WebSocket weigh most where Microsoft says they must pass; weakened TLS weighs more than a lost h2; a clamp is a note."""
    first, optional = target_for(KNOWLEDGE, "m365.cloud.microsoft"), target_for(KNOWLEDGE, "sway.com")
    assert meddling_severity("quic_blocked", first, KNOWLEDGE) == meddling_severity("websocket_blocked", first, KNOWLEDGE) == "high"
    assert meddling_severity("quic_blocked", optional, KNOWLEDGE) == "info"
    exchange = target_for(KNOWLEDGE, "outlook.office365.com")
    assert meddling_severity("tls_downgraded", exchange, KNOWLEDGE) == "high"
    assert meddling_severity("h2_lost", exchange, KNOWLEDGE) == "medium"
    assert meddling_severity("mss_clamped", exchange, KNOWLEDGE) == "info"


def test_a_protocol_kept_out_is_meddling() -> None:
    """UDP 443 or a WebSocket that does not get through is judged as that loss, not as a lost host; inspection of it stays inspection."""
    quic = target_for(KNOWLEDGE, "outlook.office365.com", protocol="quic")
    socket = target_for(KNOWLEDGE, "m365.cloud.microsoft", protocol="wss")
    media = Target(
        host="worldaz.tr.teams.microsoft.com", port=3478, protocol="turn", endpoint_set=11, category="Optimize", workload="Teams"
    )
    assert severity_of("blocked", quic, KNOWLEDGE) == severity_of("unreachable", quic, KNOWLEDGE) == "medium"
    assert severity_of("blocked", socket, KNOWLEDGE) == "high"
    assert severity_of("inspected", quic, KNOWLEDGE) == severity_of("blocked", media, KNOWLEDGE) == "critical"
