"""Holds server/reports/disclosure_words.py: nothing is left empty, times are the site's, entered is not seen."""

from datetime import UTC, datetime

from server.reports import disclosure_words as words
from server.reports.disclosure import Affected, Bypassed, Place, Share

AT = datetime(2026, 11, 25, 18, 40, tzinfo=UTC)


def test_places() -> None:
    """Since when in the site's time, who agrees, by which way it leaves; or that a person entered it."""
    one = Place(
        site="Frankfurt", zone="Europe/Berlin", since=AT, until=None, agents=["a", "b"], agree=2, reporting=3, egress=["192.0.2.1 (ISP)"]
    )
    assert words.place(one) == (
        "Frankfurt: since 2026-11-25 19:40 UTC+1 and still there; 2 of 3 agents agree (a, b). Leaves by 192.0.2.1 (ISP)."
    )
    entered = Place(site="Lyon", zone="UTC", since=None, until=None, agents=[], agree=0, reporting=1, egress=[])
    assert words.place(entered) == "Lyon: as entered by a person; no agent has seen it. Leaves by a way that was not seen."


def test_shares_and_hosts() -> None:
    """Categories without a measured name are left out; a control is called what it is."""
    shares = [Share(category="Optimize", bypassed=1, known=3, unknown=1), Share(category="Allow", bypassed=0, known=0, unknown=0)]
    site = Bypassed(site="Lyon", agents=1, shares=shares, bypassed=[], not_bypassed=[], unknown=[])
    assert words.share_words(site) == "Optimize 1 of 3 (1 not known)"
    control = Affected(host="x", category="Control", workload="Control", doing="decrypted", since=AT, sites=[])
    assert words.host_words(control) == "not Microsoft's, measured to compare"
