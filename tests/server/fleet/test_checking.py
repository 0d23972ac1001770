"""What is wrong with a site: each mistake has its field and the remedy; overlaps are found however they lie."""

import ipaddress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.fleet.checking import Held, is_zone, network_trouble, troubles_of
from server.fleet.entries import Entry
from server.fleet.registry import EgressRange, Place, Site

GOOD = Entry(
    "São Paulo 2", Place(-23.5, -46.6), "America/Sao_Paulo", "Rua 1", "South", "Ana", "high", None, ("10.1.0.0/24", "2001:db8::/32")
)


@pytest.mark.parametrize(
    ("change", "field", "part"),
    [
        ({"name": " "}, "name", "is empty"),
        ({"name": "Remote"}, "name", "stands for agents without a site"),
        ({"name": "a  b"}, "name", "write 'a b'"),
        ({"name": "=cmd"}, "name", "formula"),
        ({"name": "x" * 257}, "name", "at most 256"),
        ({"name": "a\x07b"}, "name", "cannot be printed"),
        ({"owner": "x" * 257}, "owner", "at most 256"),
        ({"address": "@x"}, "address", "formula"),
        ({"region": "x" * 129}, "region", "at most 128"),
        ({"place": Place(90.1, 0)}, "latitude", "90.1 is nowhere on Earth; write degrees from -90 to 90"),
        ({"place": Place(0, -200)}, "longitude", "-200 is nowhere on Earth"),
        ({"place": Place(float("nan"), 0)}, "latitude", "nowhere"),
        ({"zone": "Europe/Atlantis"}, "zone", "write an IANA name"),
        ({"zone": "../etc"}, "zone", "is no time zone"),
        ({"criticality": "huge"}, "criticality", "low, normal, high, critical"),
        ({"subnets": ("10.1.0.7/24",)}, "subnets", "host bits set; write 10.1.0.0/24"),
        ({"subnets": ("10.1.0",)}, "subnets", "is not a prefix"),
        ({"subnets": ("0.0.0.0/0",)}, "subnets", "larger than any LAN"),
        ({"subnets": ("10.1.0.0/24", "10.1.0.0/24")}, "subnets", "stands there twice"),
        ({"subnets": tuple(f"10.{n >> 8}.{n & 255}.0/24" for n in range(1001))}, "subnets", "are 1001"),
        ({"egress": (EgressRange("203.0.113.9/24"),)}, "egress", "host bits"),
        ({"egress": (EgressRange("203.0.113.0/24", "ISP 1.2.3.4"),)}, "egress", "reads as an address"),
        ({"egress": (EgressRange("203.0.113.0/24", "=x"),)}, "egress", "formula"),
        ({"egress": (EgressRange("203.0.113.0/24", " x"),)}, "egress", "blanks too many"),
        ({"egress": (EgressRange("203.0.113.0/24", "x" * 129),)}, "egress", "at most 128"),
    ],
)
def test_each_mistake_is_told(change: dict[str, Any], field: str, part: str) -> None:
    """One trouble, with its field; and the entry without it has none."""
    assert troubles_of(GOOD) == []
    (told,) = troubles_of(replace(GOOD, **change))
    assert (told.field, part in told.text) == (field, True), told
    assert str(told) == f"{field}: {told.text}"


def test_zones() -> None:
    """UTC is known without any files."""
    assert (is_zone("UTC"), is_zone("Asia/Kolkata"), is_zone("Mars"), is_zone("")) == (True, True, False, False)


def site(name: str, *subnets: str, egress: tuple[str, ...] = ()) -> Site:
    """Return a site somewhere."""
    return Site(name, Place(1, 1), subnets=subnets, egress=tuple(EgressRange(one) for one in egress))


@pytest.mark.parametrize(
    ("mine", "told"),
    [
        (site("Faro", "10.1.0.0/24"), ["10.1.0.0/24 is a LAN of 'Lyon'"]),
        (site("Faro", "10.1.0.64/26"), ["10.1.0.64/26 overlaps 10.1.0.0/24, a LAN of 'Lyon'"]),
        (site("Faro", "10.0.0.0/8"), ["overlaps 10.1.0.0/24"]),
        (site("Faro", "10.2.0.0/24", "172.16.0.0/16"), []),
        (site("Faro", "192.168.1.0/24"), ["192.168.1.0/24 is a LAN of 'Porto'"]),
        (site("Faro", "192.168.1.0/24", egress=("203.0.113.0/24",)), ["192.168.1.0/24 is"]),
        (site("Faro", "192.168.1.0/24", egress=("198.51.100.0/24",)), []),
        (site("Lyon", "10.1.0.0/16"), []),
        (site("lyon"), ["differ in case only; write 'Lyon'"]),
    ],
)
def test_clashes(mine: Site, told: list[str]) -> None:
    """The same LAN, a part of it, one around it; allowed when both have egress ranges that tell them apart, and with oneself."""
    held = Held([site("Lyon", "10.1.0.0/24"), site("Porto", "192.168.1.0/24", egress=("203.0.113.0/24", "2001:db8::/32"))])
    found = held.clashes(mine)
    assert len(found) == len(told), found
    assert all(part in one.text for part, one in zip(told, found, strict=True)), found


PREFIXES = st.tuples(st.integers(0, 255), st.integers(24, 30)).map(
    lambda one: str(ipaddress.ip_network((0x0A000000 + (one[0] << 2), one[1]), strict=False))
)


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(PREFIXES, max_size=4, unique=True), min_size=2), st.sampled_from("abcdef"))
def test_overlaps_are_those_of_a_plain_comparison(sites: dict[str, list[str]], dropped: str) -> None:
    """Of all pairs, after one site was taken out again."""
    held = Held(site(name, *subnets) for name, subnets in sites.items())
    held.drop(dropped)
    rest = {name: subnets for name, subnets in sites.items() if name != dropped}
    for name, subnets in rest.items():
        pairs = [
            (a, b)
            for a in subnets
            for other, theirs in rest.items()
            for b in theirs
            if other != name and ipaddress.ip_network(a).overlaps(ipaddress.ip_network(b))
        ]
        assert len(held.clashes(site(name, *subnets))) == len(pairs)


def test_what_is_no_mistake_is_noted() -> None:
    """A shared way out, and missing coordinates."""
    held = Held([site("Lyon", egress=("203.0.113.0/24",)), site("Porto", egress=("203.0.112.0/23",))])
    notes = held.notes(Site("Faro", egress=(EgressRange("203.0.113.0/24"), EgressRange("198.51.100.0/24"))))
    assert [one.field for one in notes] == ["egress", "latitude"]
    assert "a way out of 'Lyon' and 1 more too" in notes[0].text
    assert held.notes(site("Faro")) == []


def test_prefixes() -> None:
    """Both protocols."""
    assert [bool(network_trouble(one)) for one in ("10.0.0.0/8", "2001:db8::/32", "10.0.0.0/7", "2001:db8::1/32", "x")] == [
        False,
        False,
        True,
        True,
        True,
    ]
