"""Holds judge/costs.py: each finding gets what its own target's samples by both ways say, and nothing where there is nothing to compare."""

from typing import Any

import pytest

from judge.costs import dearest, with_costs
from judge.finding import Finding
from judge.impact import Impact
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from wire.facts import PathFacts, WebFacts
from wire.observation import PathObservation, WebObservation

KNOWLEDGE = load_knowledge()
OUTLOOK, TEAMS = "outlook.office365.com", "teams.microsoft.com"
ID = "A" * 22
DIRECT = {"connect_ms": 10.0, "tls_ms": 12.0, "first_byte_ms": 20.0, "total_ms": 45.0}
PROXIED = {"connect_ms": 1.0, "proxy_ms": 20.0, "tls_ms": 40.0, "first_byte_ms": 35.0, "total_ms": 99.0}


def web(host: str, route: str, times: dict[str, float], failure: str | None = None, **more: Any) -> tuple[WebObservation, WebFacts]:
    """Return a web sample with its facts."""
    facts = {"target": target_for(KNOWLEDGE, host), "route": route, "failure": failure, "stage": "connect" if failure else None}
    return (
        WebObservation.model_validate({"kind": "web", "facts": ID, "at_us": 1, **times, **more}),
        WebFacts.model_validate(facts),
    )


def path(host: str, microsoft_ms: float) -> tuple[PathObservation, PathFacts]:
    """Return a path sample with its facts."""
    return (
        PathObservation.model_validate({"kind": "path", "facts": ID, "at_us": 1, "microsoft_hop": 7, "microsoft_ms": microsoft_ms}),
        PathFacts(target=target_for(KNOWLEDGE, host)),
    )


def cost(pairs: list[tuple[Any, Any]], host: str = OUTLOOK, route: str = "system", **more: Any) -> Impact | None:
    """Return what a finding about a host by a route costs."""
    finding = Finding(target_for(KNOWLEDGE, host), route, "inspected", "high", 1.0, "intermediary", "", "", **more)
    (found,) = with_costs(pairs, [finding], KNOWLEDGE.assessment)
    return found.impact


def test_both_ways() -> None:
    """The tax is the other way's milliseconds less the direct one's; by a proxy the way to the front door is connect and CONNECT."""
    found = cost([web(OUTLOOK, "direct", DIRECT), web(OUTLOOK, "system", PROXIED)])
    assert found is not None
    assert found.tax is not None
    assert (found.tax.total_ms, dict(found.tax.phases)["proxy_ms"], dict(found.tax.phases)["connect_ms"]) == (54.0, 20.0, -9.0)
    assert found.points == pytest.approx(14.7, abs=0.05)  # 10 ms against 21 ms
    assert found.failures is not None
    assert found.failures.added_percent == 0
    assert found.responsibility is not None
    assert found.responsibility.of("intermediary").ms == 15.0


def test_only_its_own_target() -> None:
    """Samples of another host or another aspect are no comparison."""
    pairs = [web(TEAMS, "direct", DIRECT), web(OUTLOOK, "system", PROXIED)]
    assert cost(pairs) is None
    both = [web(OUTLOOK, "direct", DIRECT), web(OUTLOOK, "system", PROXIED)]
    assert cost(both, aspect="tcp") is None
    assert cost(both, TEAMS) is None


def test_points_are_of_what_the_score_is_made_of() -> None:
    """SharePoint loses points by a slower download and by nothing else; Teams' score is of media and loses none."""
    sharepoint = "microsoft.sharepoint.com"
    for host, fast, slow, points in (
        (TEAMS, {}, {}, None),
        (sharepoint, {}, {}, None),
        (sharepoint, {"throughput_mbps": 160.0}, {}, None),
        (sharepoint, {"throughput_mbps": 160.0}, {"throughput_mbps": 32.0}, 60.0),
    ):
        found = cost([web(host, "direct", DIRECT | fast), web(host, "system", PROXIED | slow)], host)
        assert found is not None
        assert found.points == points


def test_failures_and_suspects() -> None:
    """A way that fails has its share and no tax; a sample of a late agent is no sample."""
    failing = [web(OUTLOOK, "direct", DIRECT), web(OUTLOOK, "system", {}, "refused"), web(OUTLOOK, "system", {}, "refused")]
    found = cost(failing)
    assert found is not None
    assert found.tax is None
    assert found.failures is not None
    assert (found.failures.with_percent, found.failures.without_percent) == (100.0, 0.0)
    suspect = cost([web(OUTLOOK, "direct", DIRECT), web(OUTLOOK, "system", PROXIED, suspect=True)])
    assert suspect is None


def test_whose_time_on_the_direct_way() -> None:
    """Without another way there is no tax; the hop of Microsoft's network and the server's own word divide the time."""
    assert cost([web(OUTLOOK, "direct", DIRECT)], route="direct") is None
    found = cost([web(OUTLOOK, "direct", DIRECT, server_ms=8.0), path(OUTLOOK, 7.0)], route="direct")
    assert found is not None
    assert (found.tax, found.failures, found.points) == (None, None, None)
    assert found.responsibility is not None
    assert {one.segment: one.ms for one in found.responsibility.parts} == {"microsoft": 11.0, "unknown": 9.0}


def test_findings_without_samples_are_left_alone() -> None:
    """A finding of a name look-up alone, or of nothing, comes back as it was."""
    assert cost([]) is None
    assert with_costs([], [], KNOWLEDGE.assessment) == ()


def test_the_dearest_is_told() -> None:
    """Of several findings the one that costs most time is told, with its way; nothing is said where nothing is known."""
    slow = {**PROXIED, "total_ms": 400.0}
    pairs = [web(OUTLOOK, "direct", DIRECT), web(OUTLOOK, "system", PROXIED), web(TEAMS, "direct", DIRECT), web(TEAMS, "system", slow)]
    plain = [Finding(target_for(KNOWLEDGE, host), "system", "proxied", "high", 1.0, "network", "", "") for host in (OUTLOOK, TEAMS)]
    assert dearest(with_costs(pairs, plain, KNOWLEDGE.assessment)).startswith("teams.microsoft.com:443 by system: +355.0 ms a request")
    assert dearest(plain) == dearest([]) == ""
