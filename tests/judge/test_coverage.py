"""Holds judge/coverage.py: PAC types by Microsoft's count, splits of a VPN by workload, shares of what goes around."""

import pytest

from judge.coverage import Decision, bypass_coverage, names_to_ask, pac_coverage, vpn_coverage
from judge.finding import Finding
from judge.knowledge.endpoints import Instance
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import BadTenant, target_for
from wire.vocabulary import Verdict

KNOWLEDGE = load_knowledge()
LIST = KNOWLEDGE.endpoints
NAMES = names_to_ask(LIST, "contoso")


def decided(*categories: str, but: str = "") -> dict[str, Decision]:
    """Return decisions: these categories direct, the rest by a proxy, `but` by a proxy whatever its category."""
    return {one.name: "direct" if one.category in categories and one.name != but else "proxied" for one in NAMES}


def test_names() -> None:
    """Each pattern has a name in its highest category: tenant names where they belong, a made-up one under other wildcards."""
    names = {one.name: one.category for one in NAMES}
    assert names["contoso.sharepoint.com"] == names["contoso-my.sharepoint.com"] == names["outlook.office365.com"] == "Optimize"
    assert names["teams.microsoft.com"] == names["middlewatch.teams.microsoft.com"] == "Allow"
    assert names["autodiscover.contoso.onmicrosoft.com"] == names["contoso.yammer.com"] == names["middlewatch.cloud.microsoft"] == "Default"
    assert not [name for name in names if "*" in name]
    intune = {one.name for one in names_to_ask(LIST, "contoso", intune=True)} - set(names)
    assert "manage.microsoft.com" in intune
    assert len(intune) > 30
    assert "middlewatch.sharepoint.com" in {one.name for one in names_to_ask(LIST)}
    with pytest.raises(BadTenant):
        names_to_ask(LIST, "con toso")


@pytest.mark.parametrize("instance", ["Worldwide", "China", "USGovGCCHigh", "USGovDoD"])
def test_names_of_every_instance(instance: Instance) -> None:
    """Every instance has names in all three categories, each once."""
    names = names_to_ask(KNOWLEDGE.instances[instance], "contoso")
    assert {one.category for one in names} == {"Optimize", "Allow", "Default"}
    assert len({one.name for one in names}) == len(names)


@pytest.mark.parametrize(
    ("decisions", "pac_type"),
    [
        (decided("Optimize", "Allow", "Default"), 2),
        (decided("Optimize", "Allow"), 2),
        (decided("Optimize"), 1),
        (decided("Optimize", "Allow", but="login.microsoftonline.com"), 1),
        (decided("Optimize", "Allow", but="contoso-my.sharepoint.com"), 0),
        (decided("Allow"), 0),
        (decided(), 0),
        ({}, None),
    ],
)
def test_pac_types(decisions: dict[str, Decision], pac_type: int | None) -> None:
    """Type 2 wants every Optimize and Allow name direct, type 1 every Optimize name; one name by a proxy is enough to miss it."""
    assert pac_coverage(LIST, decisions, "contoso").pac_type == pac_type


def test_pac_shares() -> None:
    """Shares are by category, the names by a proxy are listed, and what was not decided is in neither."""
    found = pac_coverage(LIST, decided("Optimize", but="outlook.office.com"), "contoso")
    assert found.shares["Optimize"].percent == 80.0
    assert found.shares["Allow"].percent == 0.0
    assert found.proxied[0].name == "outlook.office.com"
    assert "of neither of Microsoft's two types" in found.sentence
    missing = {name: way for name, way in decided("Optimize", "Allow").items() if name != "teams.microsoft.com"}
    unsure = pac_coverage(LIST, missing, "contoso")
    assert unsure.pac_type is None
    assert unsure.shares["Allow"].unknown == 1
    assert unsure.shares["Allow"].percent == 100.0


def optimize(workload: str) -> list[str]:
    """Return a workload's Optimize prefixes."""
    return [str(prefix) for one in LIST.sets if one.category == "Optimize" and one.workload == workload for prefix in one.ips]


def test_vpn_by_workload() -> None:
    """A workload is split out when none of its prefixes goes into the tunnel, tunnelled when all do, selective between."""
    ways = {
        **dict.fromkeys(optimize("Exchange"), "default"),
        **dict.fromkeys(optimize("SharePoint"), "vpn"),
        **dict.fromkeys(optimize("Teams"), "default"),
    }
    ways[optimize("Teams")[0]] = "vpn"
    found = vpn_coverage(LIST, {key: "vpn" if way == "vpn" else "default" for key, way in ways.items()})
    assert found.splits == {"Exchange": "split out", "Teams": "selective", "SharePoint": "tunnelled"}
    assert found.taken["Teams"] == (optimize("Teams")[0],)
    assert found.taken["Exchange"] == ()
    assert found.share.known == len(ways) == 40
    assert found.sentence == "Exchange: split out; Teams: selective; SharePoint: tunnelled."


def test_vpn_unknown() -> None:
    """A workload whose prefixes were not looked at is unknown, not split out."""
    found = vpn_coverage(LIST, dict.fromkeys(optimize("Exchange"), "default"))
    assert found.splits == {"Exchange": "split out", "Teams": "unknown", "SharePoint": "unknown"}
    assert found.share.percent == 100.0
    assert vpn_coverage(LIST, {}).share.percent is None


def finding(host: str, verdict: Verdict, route: str = "direct") -> Finding:
    """Return a finding with what coverage looks at."""
    return Finding(target_for(KNOWLEDGE, host), route, verdict, "none", 1.0, "nobody", "", "")


def test_bypass_coverage() -> None:
    """A target counts once, by its worst way; what failed or was sanctioned is unknown and lowers no share."""
    shares = bypass_coverage(
        [
            finding("outlook.office365.com", "clean"),
            finding("outlook.office365.com", "inspected", "system"),
            finding("outlook.cloud.microsoft", "clean"),
            finding("teams.microsoft.com", "clean"),
            finding("login.microsoftonline.com", "sanctioned"),
            finding("office.live.com", "unreachable"),
            finding("www.office.com", "unreachable"),
        ]
    )
    assert (shares["Optimize"].percent, shares["Optimize"].known) == (50.0, 2)
    assert (shares["Allow"].percent, shares["Allow"].known, shares["Allow"].unknown) == (100.0, 1, 2)
    assert shares["Default"].percent is None
    assert bypass_coverage([]) == {}
