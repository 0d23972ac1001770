"""Holds server/reports/bypass_files.py: the PAC fragment runs in the agent's own engine and sends exactly the gaps direct."""

import ipaddress

import pytest

from agent.pac.engine import World, evaluate
from judge.knowledge.loader import load_knowledge
from server.reports import bypass_files
from server.reports.coverage import SiteCoverage, coverages
from server.state.disclosing import Answer

KNOWLEDGE = load_knowledge()
CALL = 'function FindProxyForURL(url, host) { if (middlewatchBypass(host)) return "DIRECT"; return "PROXY p:8080"; }'


def site(name: str = "Lyon", **verdicts: str) -> SiteCoverage:
    """Return the coverage of a site from host (dots as underscores) and verdict."""
    said = [Answer(name, "a", f"{host.replace('_', '.')}:443", "direct", verdict) for host, verdict in verdicts.items()]
    return coverages(said, KNOWLEDGE)[0]


GAPS = site(
    outlook_office365_com="inspected", contoso_sharepoint_com="proxied", teams_microsoft_com="clean", m365_cloud_microsoft="inspected"
)


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("outlook.office365.com", "DIRECT"),
        ("OUTLOOK.Office365.com", "DIRECT"),
        ("fabrikam.sharepoint.com", "DIRECT"),
        ("m365.cloud.microsoft", "DIRECT"),
        ("teams.microsoft.com", "PROXY p:8080"),
        ("notoutlook.office365.com.example.org", "PROXY p:8080"),
        ("example.org", "PROXY p:8080"),
    ],
)
def test_the_fragment_runs(host: str, found: str) -> None:
    """What is bypassed already, and everybody else, goes as before."""
    answer = evaluate(bypass_files.pac(GAPS, KNOWLEDGE) + CALL, f"https://{host}/", host, World({}, [], (0.0, 0.0)))
    assert answer == {"found": found}


@pytest.mark.parametrize("name", ["Lyon\n*/ alert(1); //", 'L"yon', "Lyon\u2028throw 1"])
def test_a_strange_name_is_only_a_comment(name: str) -> None:
    """A site's name cannot end the comment it stands in."""
    text = bypass_files.pac(site(name, outlook_office365_com="inspected"), KNOWLEDGE)
    assert evaluate(text + CALL, "https://example.org/", "example.org", World({}, [], (0.0, 0.0))) == {"found": "PROXY p:8080"}


def test_prefixes() -> None:
    """Only comments and prefixes; that Default names have none is said."""
    lines = bypass_files.prefixes(GAPS, KNOWLEDGE).splitlines()
    assert "# No prefixes are published for m365.cloud.microsoft: bypass these by name." in lines
    listed = [line for line in lines if not line.startswith("#")]
    assert listed
    assert [ipaddress.ip_network(line) for line in listed]


def test_names_and_table() -> None:
    """Names one a line, as gateways take them; the table says share, agents and what was seen."""
    lines = [line for line in bypass_files.names(GAPS, KNOWLEDGE).splitlines() if not line.startswith("#")]
    assert "outlook.office365.com" in lines
    assert "*.sharepoint.com" in lines
    assert "teams.microsoft.com" not in lines
    text = bypass_files.table(GAPS)
    assert text.startswith("Lyon: 1 agent report\nOptimize: 0 of 2 names bypassed\n")
    assert "  ▲ outlook.office365.com (Exchange): not bypassed; 1 of 1 agents; inspected" in text


def test_nothing_to_bypass() -> None:
    """Without a gap the files say so, and the fragment sends nothing direct."""
    clean = site(outlook_office365_com="clean")
    text = bypass_files.pac(clean, KNOWLEDGE)
    assert "Nothing is to be bypassed" in text
    answer = evaluate(text + CALL, "https://outlook.office365.com/", "outlook.office365.com", World({}, [], (0.0, 0.0)))
    assert answer == {"found": "PROXY p:8080"}
    assert bypass_files.share_words(clean, "Allow") == "no name is known"
