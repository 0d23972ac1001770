"""Rows about the machine's own settings."""

import pytest

from judge.connectivity.local import proxy, vpn, vpn_split
from judge.coverage import bypass_names
from tests.fakes.looks import KNOWLEDGE, look, machine, web

EXCHANGE, SHAREPOINT, TEAMS = (
    [str(prefix) for one in KNOWLEDGE.endpoints.sets if one.id == number for prefix in one.ips] for number in (1, 31, 11)
)
MANUAL = {"scope": "user", "way": "manual", "server": "proxy.example:8080"}


def test_no_proxy_passes() -> None:
    """Nothing configured, nothing used."""
    assert proxy(look(machine(proxies=[{"scope": "user", "way": "none"}]))).state == "pass"


def test_a_proxy_really_used_asks_for_attention() -> None:
    """An Optimize host that left by a proxy, whatever the settings say."""
    row = proxy(look(web(route="system", via="proxy proxy.example:8080"), machine(proxies=[MANUAL])))
    assert row.state == "attention"
    assert "outlook.office365.com by proxy proxy.example:8080" in row.details
    assert "user: manual, proxy.example:8080" in row.details


def test_a_proxy_for_other_things_is_information() -> None:
    """Configured, but Optimize hosts go direct."""
    assert proxy(look(web(via="direct"), machine(proxies=[MANUAL]))).state == "information"


def test_a_pac_file_is_told_by_microsofts_types() -> None:
    """Type 2 sends Optimize and Allow direct and is in order; type 1 proxies Allow names, which are listed; fewer names decide no type."""
    names = bypass_names(KNOWLEDGE.endpoints)
    assert 40 <= len(names) <= 100
    settings = [{"scope": "user", "way": "pac"}]
    row = proxy(look(machine(proxies=settings, pac={"direct": names})))
    assert (row.state, "type 2" in row.value) == ("information", True)
    allow = "teams.microsoft.com"
    mixed = {"direct": [name for name in names if name != allow], "proxied": {allow: "p:1", "www.office.com": "p:1"}}
    row = proxy(look(machine(proxies=settings, pac=mixed)))
    assert (row.state, "type 1" in row.value, row.details[0]) == ("attention", True, "teams.microsoft.com by p:1")
    row = proxy(look(machine(proxies=settings, pac={"direct": names[:3]})))
    assert "not known" in row.value


def test_unseen_is_said() -> None:
    """Without the host probe nothing passes."""
    assert {row(look()).state for row in (proxy, vpn, vpn_split)} == {"unmeasured"}


def test_no_tunnel_passes() -> None:
    """No tunnel adapter: both rows pass."""
    assert {row(look(machine())).state for row in (vpn, vpn_split)} == {"pass"}


@pytest.mark.parametrize(
    ("inside", "outside", "states", "words"),
    [
        ([*EXCHANGE, *SHAREPOINT, *TEAMS], [], ("attention", "attention"), "Exchange: tunnelled; Teams: tunnelled; SharePoint: tunnelled."),
        ([], [*EXCHANGE, *TEAMS], ("information", "pass"), "Exchange: split out; Teams: split out; SharePoint: unknown."),
        (
            EXCHANGE[:1],
            [*EXCHANGE[1:], *TEAMS],
            ("information", "information"),
            "Exchange: selective; Teams: split out; SharePoint: unknown.",
        ),
        (TEAMS, EXCHANGE, ("information", "attention"), "Exchange: split out; Teams: tunnelled; SharePoint: unknown."),
    ],
)
def test_split_by_workload(inside: list[str], outside: list[str], states: tuple[str, str], words: str) -> None:
    """Split out, selective, tunnelled: a workload that is fully tunnelled asks for attention, a VPN for all traffic too."""
    seen = look(machine(vpn=["wireguard"], tunnelled=inside, untunnelled=outside))
    assert (vpn(seen).state, vpn_split(seen).state) == states
    assert vpn_split(seen).value == words


def test_routes_that_could_not_be_read() -> None:
    """A tunnel without known routes is not called split."""
    assert vpn_split(look(machine(vpn=["tun"]))).state == "unmeasured"
