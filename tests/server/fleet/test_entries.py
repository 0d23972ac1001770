"""Who wins between the configuration and what was entered: field by field, and nothing of the configuration is lost."""

from dataclasses import replace

from server.fleet.entries import Entry, merged, over
from server.fleet.hours import BusinessHours
from server.fleet.registry import EgressRange, Place, Site

LYON = Site("Lyon", Place(45.76, 4.84), "Europe/Paris", simulated=True, subnets=("10.1.0.0/24",), owner="Ana")


def test_what_an_entry_says_wins_and_the_rest_stays() -> None:
    """Each field on its own; networks as a whole list, also an empty one; what is simulated the configuration alone says."""
    found = over(Entry("Lyon", zone="Europe/Lisbon", owner="", subnets=()), LYON)
    assert found == Site("Lyon", Place(45.76, 4.84), "Europe/Lisbon", simulated=True, owner="", subnets=(), origin="person")


def test_an_entry_alone_is_a_site_with_defaults() -> None:
    """All it says is taken."""
    ways = (EgressRange("203.0.113.0/24", "Fibre"),)
    hours = BusinessHours((5,), 0, 60)
    entry = Entry("Faro", Place(1, 2), "Europe/Lisbon", "Rua", "South", "Rui", "high", hours, ("10.2.0.0/24",), ways, "csv")
    said = ("place", "zone", "address", "region", "owner", "criticality", "hours", "subnets", "egress", "origin")
    expected = replace(Site("Faro"), **{name: getattr(entry, name) for name in said})
    assert over(entry, None) == expected
    assert over(Entry("Faro"), None) == Site("Faro", origin="person")


def test_all_sites_are_there() -> None:
    """Those of the configuration, those entered, and those of both once."""
    found = merged({"Lyon": LYON, "Porto": Site("Porto")}, {"Lyon": Entry("Lyon", region="South"), "Faro": Entry("Faro")})
    assert {name: (site.region, site.origin) for name, site in found.items()} == {
        "Lyon": ("South", "person"),
        "Porto": ("", "config"),
        "Faro": ("", "person"),
    }
