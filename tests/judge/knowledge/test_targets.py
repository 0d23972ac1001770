"""Holds judge/knowledge/targets.py: what is probed by default, and in which order."""

import pytest

from judge.knowledge.endpoints import Instance
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import BadTenant, default_targets, target_for, targets_for, tenant_label

KNOWLEDGE = load_knowledge()


def test_default_targets() -> None:
    """About a dozen: Optimize, Allow, sets 184 and 193, Default, one control, in that order; a login and a forbidden host among them."""
    targets = default_targets(KNOWLEDGE)
    rank = {"Optimize": 0, "Allow": 1, "Default": 2, "Control": 3}
    order = [rank[one.category] for one in targets]
    assert order == sorted(order)
    assert 10 <= len([one for one in targets if one.protocol == "https"]) <= 14
    assert [one.category for one in targets].count("Control") == 1
    assert {1, 31, 12, 56, 46, 184, 193} <= {one.endpoint_set for one in targets}
    assert {"login.microsoftonline.com", "device.login.microsoftonline.com"} <= {one.host for one in targets}
    first_class = [index for index, one in enumerate(targets) if one.category == "Default" and KNOWLEDGE.has_rule(one.host, "first_class")]
    assert first_class == [order.index(2) + index for index in range(3)]
    assert [one.name for one in targets if one.protocol != "https"] == [
        "outlook.office365.com:80",
        "microsoft.sharepoint.com:80",
        "outlook.office365.com:443/udp",
        "worldaz.tr.teams.microsoft.com:3478/udp",
        "m365.cloud.microsoft:443/udp",
        "substrate.office.com:443/wss",
    ]


def test_representatives_are_documented_or_observed() -> None:
    """No host that is only recalled is probed."""
    assert {one.grade for one in KNOWLEDGE.targets} <= {"L", "A", "B"}


def test_target_for() -> None:
    """Category and workload follow from host and port; what is in no set is a control."""
    mail = target_for(KNOWLEDGE, "outlook.office365.com", 993)
    assert (mail.endpoint_set, mail.category, mail.workload) == (2, "Allow", "Exchange")
    other = target_for(KNOWLEDGE, "www.example.org", path="/x")
    assert (other.category, other.workload, other.path) == ("Control", "Control", "/x")


@pytest.mark.parametrize(
    ("instance", "exchange", "sharepoint"),
    [
        ("Worldwide", "outlook.office365.com", "contoso-my.sharepoint.com"),
        ("China", "partner.outlook.cn", "contoso.sharepoint.cn"),
        ("USGovGCCHigh", "outlook.office365.us", "contoso.sharepoint.us"),
        ("USGovDoD", "outlook-dod.office365.us", "contoso-my.sharepoint-mil.us"),
    ],
)
def test_every_instance(instance: Instance, exchange: str, sharepoint: str) -> None:
    """Each instance has its own Exchange, SharePoint, sign-in and one control, in order of category, none of another instance."""
    targets = targets_for(KNOWLEDGE, instance, "contoso")
    order = [("Optimize", "Allow", "Default", "Control").index(one.category) for one in targets]
    assert order == sorted(order)
    assert {exchange, sharepoint} <= {one.host for one in targets}
    assert next(one.workload for one in targets if one.host == sharepoint) == "SharePoint"
    assert any(one.host.startswith("login.") for one in targets)
    assert [one.category for one in targets].count("Control") == 1
    listed = KNOWLEDGE.instances[instance]
    assert all(listed.by_id(one.endpoint_set) for one in targets if one.category != "Control")


def test_tenant() -> None:
    """A known tenant's own SharePoint takes the place of Microsoft's; without a name no host has a gap in it."""
    known = {one.host for one in targets_for(KNOWLEDGE, "Worldwide", "Contoso.onmicrosoft.com", every=True)}
    assert {
        "contoso.sharepoint.com",
        "contoso-my.sharepoint.com",
        "autodiscover.contoso.onmicrosoft.com",
        "contoso.yammer.com",
        "contoso.yammerusercontent.com",
    } <= known
    assert "microsoft.sharepoint.com" not in known
    unknown = {one.host for instance in KNOWLEDGE.instances for one in targets_for(KNOWLEDGE, instance, every=True)}
    assert "microsoft.sharepoint.com" in unknown
    assert not [host for host in unknown if "{" in host or "contoso" in host]


@pytest.mark.parametrize("tenant", ["con toso", "-contoso", "contoso-", "a" * 64, "contoso/x", ".com"])
def test_no_tenant(tenant: str) -> None:
    """What cannot be a tenant's name is told, not put into a host name."""
    with pytest.raises(BadTenant, match="write the part before"):
        targets_for(KNOWLEDGE, "Worldwide", tenant)
    assert tenant_label("Contoso.sharepoint.com") == "contoso"


def test_media_relays() -> None:
    """The relay's four UDP ports belong to the Optimize media set, its TCP port to the set its name is in."""
    relay = [one for one in targets_for(KNOWLEDGE, "Worldwide", every=True) if one.host.startswith("worldaz.")]
    assert [(one.port, one.protocol, one.endpoint_set, one.category) for one in relay] == [
        *((port, "turn", 11, "Optimize") for port in (3478, 3479, 3480, 3481)),
        (443, "https", 12, "Allow"),
    ]
