"""Holds judge/knowledge/networks.py: whose network an address or an AS number is, and the near misses at a prefix's edge."""

import ipaddress

import pytest

from judge.knowledge.loader import load_knowledge
from judge.knowledge.networks import Network, NetworkTable

NETWORKS = load_knowledge().networks


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("165.225.10.1", "zscaler"),
        ("147.161.128.0", "zscaler"),
        ("147.161.255.255", "zscaler"),
        ("147.162.0.0", None),
        ("104.129.191.255", None),
        ("6.6.0.1", "entra-gsa"),
        ("6.7.0.1", None),
        ("104.16.1.1", "cloudflare"),
        ("2606:4700::1", "cloudflare"),
        ("192.0.2.1", None),
        ("2001:db8::1", None),
        ("localhost", None),
    ],
)
def test_addresses(address: str, network: str | None) -> None:
    """An address inside a prefix is its owner's, the next one is nobody's, and what is no address has no owner."""
    found = NETWORKS.of_address(address)
    assert (found.id if found else None) == network


def test_numbers() -> None:
    """An AS number names its owner, one without evidence names nobody, and a prefix says more than a number."""
    names = {asn: found.id if (found := NETWORKS.of_asn(asn)) else None for asn in (62044, 36692, 13335, 8075, 44444, 64512)}
    assert names == {62044: "zscaler", 36692: "umbrella", 13335: "cloudflare", 8075: "microsoft", 44444: None, 64512: None}
    both = NETWORKS.of("165.225.10.1", 8075)
    assert both is not None
    assert both.id == "zscaler"
    assert NETWORKS.of("192.0.2.1", None) is NETWORKS.of_asn(None) is None


def test_clouds() -> None:
    """The three public clouds are there, with the day of their lists; two years old counts as not complete."""
    kinds = {one.id: (one.kind, one.complete, one.as_of) for one in NETWORKS.networks if one.kind == "cloud"}
    assert kinds["aws"] == ("cloud", True, "2026-08-11")
    assert kinds["azure"] == ("cloud", False, "2024-12-03")
    assert NETWORKS.count > 5000


def test_the_longest_prefix_is_meant() -> None:
    """A prefix inside another owner's is its own owner's; a disabled row is in no answer."""
    rows = [
        Network.model_validate({"id": name, "owner": name, "kind": "cloud", "grade": "A", "origin": "x", "enabled": name != "off"})
        for name in ("wide", "narrow", "off")
    ]
    prefixes = [("10.0.0.0/8", "wide"), ("10.1.0.0/16", "narrow"), ("10.1.2.0/24", "off"), ("fd00::/8", "wide")]
    table = NetworkTable(rows, [(ipaddress.ip_network(prefix), name) for prefix, name in prefixes])
    found = {address: one.id if (one := table.of_address(address)) else None for address in ("10.2.0.1", "10.1.2.3", "fd00::1", "11.0.0.1")}
    assert found == {"10.2.0.1": "wide", "10.1.2.3": "narrow", "fd00::1": "wide", "11.0.0.1": None}
