"""Holds judge/knowledge/endpoints.py: category by name and port, the highest wins, every wildcard there is."""

import json

import pytest

from judge.knowledge.endpoints import EndpointList, covers, read_ports, read_set
from judge.knowledge.loader import DATA

SETS = json.loads((DATA / "endpoints.json").read_text())
ENDPOINTS = EndpointList(read_set(one) for one in SETS)


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("outlook.office365.com", 443, (1, "Optimize")),
        ("OUTLOOK.office365.com.", 80, (1, "Optimize")),
        ("outlook.office365.com", 993, (2, "Allow")),
        ("outlook.office365.com", 8443, None),
        ("contoso.sharepoint.com", 443, (31, "Optimize")),
        ("sharepoint.com", 443, None),
        ("teams.cloud.microsoft", 443, (12, "Allow")),
        ("x.y.teams.microsoft.com", 443, (12, "Allow")),
        ("m365.cloud.microsoft", 443, (184, "Default")),
        ("otelrules.svc.static.microsoft", 443, (193, "Default")),
        ("cdn.onenote.net", 443, (51, "Default")),
        ("wcdn.onenote.net", 443, (51, "Default")),
        ("autodiscover.contoso.onmicrosoft.com", 443, (8, "Default")),
        ("autodiscover.a.b.onmicrosoft.com", 443, (78, "Default")),
        ("device.login.microsoftonline.com", 443, (56, "Allow")),
        ("contoso.mail.protection.outlook.com", 25, (10, "Allow")),
        ("www.gstatic.com", 443, None),
    ],
)
def test_find(host: str, port: int, expected: tuple[int, str] | None) -> None:
    """A host and port are in the set Microsoft's rules say."""
    found = ENDPOINTS.find(host, port)
    assert (None if found is None else (found.id, found.category)) == expected


def test_every_name_of_every_set_is_found() -> None:
    """No name of the list is lost: each, its wildcard filled in, leads to a set of at least its category."""
    rank = ("Optimize", "Allow", "Default")
    for one in ENDPOINTS.sets:
        for url in one.urls if one.tcp else ():
            found = ENDPOINTS.find(url.replace("*", "x"), one.tcp[0][0])
            assert found is not None
            assert rank.index(found.category) <= rank.index(one.category)


def test_ports() -> None:
    """Port strings come with blanks, in any order, as ranges, and empty."""
    assert read_ports("143, 587, 993") == ((143, 143), (587, 587), (993, 993))
    assert read_ports("3478-3481,443") == ((3478, 3481), (443, 443))
    assert read_ports("") == ()
    with pytest.raises(ValueError, match="https"):
        read_ports("https")


def test_sets() -> None:
    """The list is whole, the Teams area is called Teams, and an unknown id is no set."""
    assert len(ENDPOINTS.sets) == 78
    teams = ENDPOINTS.by_id(12)
    assert teams is not None
    assert teams.workload == "Teams"
    assert ENDPOINTS.by_id(None) is ENDPOINTS.by_id(99_999) is None


def test_covers() -> None:
    """A rule's wildcard covers any depth below, not the name itself."""
    assert covers("*.update.microsoft.com", "a.b.update.microsoft.com")
    assert not covers("*.update.microsoft.com", "update.microsoft.com")
    assert covers("Login.live.com", "login.live.com.")


def test_addresses_and_udp() -> None:
    """A set knows its prefixes, a Default set has none to know, and media is found by UDP only where names are listed."""
    exchange, default = ENDPOINTS.by_id(1), ENDPOINTS.by_id(184)
    assert exchange is not None
    assert default is not None
    assert exchange.holds("52.96.1.2") is True
    assert exchange.holds("2603:1006::1") is True
    assert exchange.holds("192.0.2.1") is False
    assert exchange.holds("nowhere") is default.holds("52.96.1.2") is None
    found = ENDPOINTS.find("outlook.office365.com", 443, udp=True)
    assert found is exchange
    assert ENDPOINTS.find("login.microsoftonline.com", 443, udp=True) is None
