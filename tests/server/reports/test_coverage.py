"""Holds server/reports/coverage.py: which names count as bypassed, which patterns and prefixes close a gap, and nothing besides."""

from judge.knowledge.loader import load_knowledge
from server.reports.coverage import SiteCoverage, coverages, matches, prefixes_of, rules_of
from server.state.disclosing import Answer

KNOWLEDGE = load_knowledge()


def site(*said: tuple[str, str, str]) -> SiteCoverage:
    """Return the coverage of Lyon from (agent, target, verdict)."""
    (found,) = coverages([Answer("Lyon", agent, target, "direct", verdict) for agent, target, verdict in said], KNOWLEDGE)
    return found


def states(found: SiteCoverage) -> dict[str, tuple[str, int, int]]:
    """Return (state, agree, reporting) by host."""
    return {one.host: (one.state, one.agree, one.reporting) for one in found.names}


def test_states() -> None:
    """One agent that sees a device is enough for a gap; who sees nothing conclusive is unknown; what is not Microsoft's is left out."""
    found = site(
        ("a", "outlook.office365.com:443", "clean"),
        ("b", "outlook.office365.com:443", "inspected"),
        ("a", "teams.microsoft.com:443", "clean"),
        ("b", "teams.microsoft.com:443", "inconclusive"),
        ("a", "login.microsoftonline.com:443", "unreachable"),
        ("a", "www.gstatic.com:443", "inspected"),
    )
    assert states(found) == {
        "outlook.office365.com": ("not bypassed", 1, 2),
        "teams.microsoft.com": ("bypassed", 1, 2),
        "login.microsoftonline.com": ("unknown", 0, 1),
    }
    shares = {category: (share.bypassed, share.known, share.unknown) for category, share in found.shares.items()}
    assert shares == {"Optimize": (0, 1, 0), "Allow": (1, 1, 1), "Default": (0, 0, 0)}
    assert [gap.host for gap in found.gaps] == ["outlook.office365.com"]


def test_what_has_no_say() -> None:
    """HTTP/3 kept out and a proxy that is measured to compare with are no gap; a splitter and the system's own proxy are."""
    host = "outlook.office365.com"
    assert states(site(("a", f"{host}:443", "clean"), ("a", f"{host}:443/udp", "blocked")))[host][0] == "bypassed"
    assert states(site(("a", f"{host}:443", "clean"), ("a", f"{host}:443#tcp", "spliced")))[host][0] == "not bypassed"
    said = [Answer("Lyon", "a", f"{host}:443", route, verdict) for route, verdict in (("direct", "clean"), ("office", "proxied"))]
    assert states(coverages(said, KNOWLEDGE)[0])[host][0] == "bypassed"
    said.append(Answer("Lyon", "a", f"{host}:443", "system", "proxied"))
    assert states(coverages(said, KNOWLEDGE)[0])[host][0] == "not bypassed"


def test_rules_close_exactly_the_gaps() -> None:
    """The patterns that cover a gap in Microsoft's list, and the prefixes of its set; none of what is bypassed already."""
    found = site(("a", "contoso.sharepoint.com:443", "inspected"), ("a", "outlook.office365.com:443", "clean"))
    assert rules_of(found) == ("*.sharepoint.com",)
    published = prefixes_of(found, KNOWLEDGE)
    assert "13.107.136.0/22" in published
    assert set(published) == {str(ip) for one in KNOWLEDGE.endpoints.sets if one.id == 31 for ip in one.ips}
    clean = site(("a", "outlook.office365.com:443", "clean"))
    assert (rules_of(clean), prefixes_of(clean, KNOWLEDGE)) == ((), ())


def test_another_instance() -> None:
    """A name of China's list is known by that list."""
    found = site(("a", "partner.outlook.cn:443", "inspected"))
    assert found.names[0].category == "Optimize"
    assert rules_of(found)


def test_patterns() -> None:
    """As PAC files take a star: any text, dots too."""
    assert matches("*.sharepoint.com", "a.b.sharepoint.com")
    assert matches("autodiscover.*.onmicrosoft.com", "autodiscover.contoso.onmicrosoft.com")
    assert matches("outlook.office.com", "OUTLOOK.office.com")
    assert not matches("*.sharepoint.com", "sharepoint.com")
