"""Rows about places: each state, and the near miss."""

from judge.connectivity.way import egress, egress_distance, location, nearby, nearest_seen, resolver
from tests.fakes.looks import SYDNEY, look, lookup, reflected, relay, web


def test_location_is_what_was_declared() -> None:
    """A place is told as declared; without one the row says how to give it."""
    assert location(look()).value == "Frankfurt, 50.11, 8.68 (as declared)"
    row = location(look(place=None))
    assert (row.state, "--place" in row.value) == ("unmeasured", True)


def test_egress_addresses_that_differ_are_told() -> None:
    """Every way an address was learned is named; two addresses are not resolved to one: split egress is legitimate."""
    assert egress(look(reflected("203.0.113.9"))).value == "203.0.113.9 by our reflector"
    row = egress(look(reflected("203.0.113.9"), relay(mapped="198.51.100.1")))
    assert row.value == "203.0.113.9 by our reflector; 198.51.100.1 by the Teams relay"
    assert (row.state, row.details) == ("information", ("Media leaves by another way than the web: split egress is legitimate.",))
    assert egress(look(reflected(None))).state == "unmeasured"


def test_an_egress_in_a_security_cloud_is_raised() -> None:
    """An address of a security service's network asks for attention and names the service; the front door stands beside."""
    row = egress(look(reflected("165.225.1.1"), web(front_door="FRA", connect_ms=9.0)))
    assert row.state == "attention"
    assert row.value == "165.225.1.1 by our reflector; FRA by the front door"
    assert "a security cloud may stand in the path" in row.details[0]


def test_a_front_door_nearby_is_a_local_way_out() -> None:
    """Frankfurt served by Frankfurt in 9 ms passes."""
    row = egress_distance(look(web(front_door="FRA", connect_ms=9.0)))
    assert (row.state, "local as far as this can tell" in row.value) == ("pass", True)


def test_served_from_afar_asks_for_attention() -> None:
    """Frankfurt served by Singapore is backhaul or a far resolver."""
    row = egress_distance(look(web(front_door="SIN", connect_ms=170.0)))
    assert (row.state, "served from afar" in row.value) == ("attention", True)


def test_faster_than_light_means_the_way_out_is_elsewhere() -> None:
    """A machine in Sydney that reaches Frankfurt's front door in 5 ms leaves near Frankfurt: at least so far from its place."""
    row = egress_distance(look(web(front_door="FRA", connect_ms=5.0), place=SYDNEY))
    assert row.state == "attention"
    assert "light in fibre goes at most 500 km in that time" in row.value


def test_distance_needs_place_and_front_door() -> None:
    """Without either the row says which is missing."""
    assert "--place" in egress_distance(look(web(front_door="FRA", connect_ms=5.0), place=None)).value
    assert egress_distance(look(web(connect_ms=5.0))).value == "no front door named itself"


def test_the_fastest_front_door_counts() -> None:
    """Of several codes the one with the lowest median; an unknown code and the control's are left out."""
    seen = look(
        web(front_door="FRA", connect_ms=30.0),
        web("outlook.cloud.microsoft", front_door="AMS", connect_ms=12.0),
        web("www.gstatic.com", front_door="FRA", connect_ms=1.0),
        web("teams.microsoft.com", front_door="QQQ", connect_ms=1.0),
    )
    door, rtt = nearest_seen(seen) or (None, 0.0)
    assert door is not None
    assert (door.code, rtt) == ("AMS", 12.0)


def test_the_resolver_is_judged_by_where_it_leads() -> None:
    """Its name lookups lead to a front door near or far; without place it is information only."""
    near, far = web(front_door="FRA", connect_ms=9.0), web(front_door="SIN", connect_ms=170.0)
    asked = lookup(resolver="192.0.2.53")
    assert resolver(look(asked, near)).state == "pass"
    assert resolver(look(asked, far)).state == "attention"
    assert resolver(look(asked, near, place=None)).state == "information"
    assert resolver(look(near)).state == "unmeasured"


def test_neighbours_are_microsofts() -> None:
    """We say that we cannot compare with other companies, and why."""
    assert nearby(look()).state == "unmeasured"
