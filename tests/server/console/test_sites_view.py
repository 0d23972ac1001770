"""The table of sites: worst first, words for what is missing, whose job it is, and how many of a thousand are shown."""

import pytest

from server.console import sites_view
from server.console.picture import Picture
from server.console.sites_view import MOST_ROWS, choose, percent, rows, shown
from tests.fakes.pictures import NOW, card, picture, site


def test_worst_first_real_before_simulated_newest_first() -> None:
    """The order is by rank, then real before simulated, then what began last."""
    sites = [
        site("calm"),
        site("sim", "inspected", simulated=True),
        site("old", "inspected", since_ns=1),
        site("new", "inspected", since_ns=2),
        site("shut", "blocked"),
    ]
    assert [one.site for one in rows(Picture(at_ns=NOW, sites=sites), "")] == ["shut", "new", "old", "sim", "calm"]


def test_missing_values_have_words() -> None:
    """No latency, no distance and no egress are said, never shown as zero."""
    bare = site("A", total_ms=None, distance_km=None, egress="", egress_name="")
    (row,) = rows(Picture(at_ns=NOW, sites=[bare]), "A")
    assert (row.latency, row.distance, row.egress) == ("no data", "no data", "not known")


def test_backhaul_says_microsofts_rule() -> None:
    """An egress farther than 800 km is flagged with the rule, a nearer one is not."""
    far, near = rows(Picture(at_ns=NOW, sites=[site("A", distance_km=9800.0), site("B", distance_km=800.0)]), "")
    assert far.backhaul == "backhaul: 9\u202f800 km from the site; Microsoft's rule is 800 km"
    assert near.backhaul == ""


def test_what_is_lost_beside_is_told_under_the_hosts() -> None:
    """Losses beside the answers are words of the row; a silent site's are not known any more."""
    lost = ("HTTP/2 lost to 2 hosts", "HTTP/3 blocked to 1 host")
    here, silent = rows(Picture(at_ns=NOW, sites=[site("A", meddling=lost), site("B", "silent", meddling=lost)]), "")[::-1]
    assert (here.meddling, silent.meddling) == ("HTTP/2 lost to 2 hosts; HTTP/3 blocked to 1 host", "")


def test_silent_site_has_nobody_who_agrees() -> None:
    """A silent site says that no agent reports, and that its hosts are not known."""
    (row,) = rows(Picture(at_ns=NOW, sites=[site("A", "silent")]), "")
    assert (row.agents, row.hosts, row.job) == ("0 of 2 report", "no data", "who looks after the agent and its link")


def test_job_is_the_findings_word() -> None:
    """Where a device is behind the verdict its finding says whose job it is."""
    seen = Picture(at_ns=NOW, sites=[site("Lyon", "inspected"), site("Porto", "unreachable")], devices=[card(0, ["Lyon"])])
    assert {one.site: one.job for one in rows(seen, "")} == {"Lyon": "the owner of the device", "Porto": "the network team (LAN or WAN)"}


def test_default_is_the_worst_real_site() -> None:
    """Without a wish the worst real site is chosen, a simulated one only where there is no other."""
    sites = [site("calm"), site("sim", "blocked", simulated=True)]
    chosen = choose(Picture(sites=sites), None)
    assert chosen is not None
    assert chosen.site == "calm"
    only = choose(Picture(sites=sites[1:]), None)
    assert only is not None
    assert only.site == "sim"
    assert choose(Picture(), None) is None
    assert choose(Picture(sites=sites), "Atlantis") is None


def test_worst_hundred_and_the_chosen_one() -> None:
    """Of a thousand the worst hundred are shown and the chosen one; all when asked for."""
    fleet = picture(sites=1000)
    some = rows(fleet, "Simulated 001", everything=False)
    assert len(some) == MOST_ROWS + 1
    assert some[-1].chosen
    assert len(rows(fleet, "Simulated 001", everything=True)) == 1003
    assert len(shown(fleet.sites[:60], "", everything=False)) == 60


@pytest.mark.parametrize(("share", "text"), [(1.0, "100 %"), (0.9999, "99.9 %"), (0.5, "50.0 %"), (0.0, "0.0 %")])
def test_only_whole_is_a_hundred(share: float, text: str) -> None:
    """99.99 % is not rounded up to all of it."""
    assert percent(share) == text


def test_agreement() -> None:
    """How many of those that report agree is said."""
    (row,) = rows(Picture(at_ns=NOW, sites=[site("A", "inspected", agents=5, reporting=5, agree=4)]), "")
    assert row.agents == "4 of 5 agree"
    assert sites_view.NO_DATA == "no data"
