"""Holds judge/policy.py: what a customer may declare, and how a mistake is told."""

import pytest

from judge.policy import NEVER_INSPECT, Policy, PolicyError, parse_policy


def test_empty() -> None:
    """A policy that says nothing sanctions nothing and still forbids Microsoft's two hosts."""
    policy = parse_policy({})
    assert not policy.tenant_restrictions
    assert all(policy.forbids(host) for host in NEVER_INSPECT)
    assert not policy.lists("login.microsoftonline.com")
    assert Policy().forbids(NEVER_INSPECT[0])


def test_content_makes_the_version() -> None:
    """The same content has the same version in any order, another content another."""
    one = parse_policy({"sanctioned_hosts": ["a.example", "b.example"]})
    same = parse_policy({"sanctioned_hosts": ["b.example", "a.example"]})
    assert one.version == same.version != parse_policy({}).version


def test_lists() -> None:
    """Sanctioned hosts are exact or wildcards, never a part of a name."""
    policy = parse_policy({"sanctioned_hosts": ["*.Contoso.example", "sway.com"], "never_inspect": ["certauth.contoso.com"]})
    assert policy.lists("a.b.contoso.example")
    assert policy.lists("sway.com")
    assert not policy.lists("notsway.com")
    assert policy.forbids("certauth.contoso.com")


@pytest.mark.parametrize(
    ("plain", "told"),
    [
        ({"tenant_restriction": True}, "tenant_restriction: no such setting"),
        ({"tenant_restrictions": "yes"}, "tenant_restrictions: 'yes' is neither true nor false"),
        ({"sanctioned_hosts": "sway.com"}, "sanctioned_hosts: 'sway.com' is not a list of strings"),
        ({"sanctioned_hosts": ["https://sway.com"]}, "'https://sway.com' is no host name"),
        ({"sanctioned_hosts": ["*.login.microsoftonline.com"]}, "covers device.login.microsoftonline.com, which must never be inspected"),
        ({"sanctioned_hosts": ["enterpriseregistration.windows.net"]}, "must never be inspected"),
        ({"approved_devices": ["squid"]}, "'squid' is no device key; write kind:value"),
    ],
)
def test_mistakes(plain: dict[str, object], told: str) -> None:
    """A mistake is told with setting, value and remedy."""
    with pytest.raises(PolicyError, match="policy: ") as caught:
        parse_policy(plain)
    assert told in str(caught.value)
