"""The registry: longest prefix wins, distances are those of an atlas, and it says what the configuration says."""

import pytest

from server.config import Settings
from server.fleet.registry import Egress, EgressRange, Place, Registry, Site, distance_km, registry_of

FRANKFURT, LYON = Place(50.11, 8.68), Place(45.76, 4.84)
WIDE, NARROW = Egress("203.0.112.0/20", "Backbone", FRANKFURT), Egress("203.0.113.0/24", "Lyon", LYON)
SIX = Egress("2001:db8::/32", "Six", LYON)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", NARROW),
        ("203.0.112.7", WIDE),
        ("198.51.100.1", None),
        ("2001:db8::1", SIX),
        ("2001:db9::1", None),
        ("", None),
        ("outlook", None),
    ],
)
def test_the_longest_prefix_wins(address: str, expected: Egress | None) -> None:
    """Whatever the order of the list; what is no address belongs to nobody."""
    for egress in ([WIDE, NARROW, SIX], [SIX, NARROW, WIDE]):
        assert Registry(egress=egress).egress_of(address) == expected


def test_a_default_way_out_takes_what_nobody_else_has() -> None:
    """Prefix length 0 is a prefix too, of its own kind of address only."""
    everything = Egress("0.0.0.0/0", "Provider", LYON)
    registry = Registry(egress=[everything, NARROW])
    assert [registry.egress_of(one) for one in ("198.51.100.1", "203.0.113.1", "2001:db8::1")] == [everything, NARROW, None]


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        (FRANKFURT, LYON, 562),
        (FRANKFURT, FRANKFURT, 0),
        (Place(0, 179), Place(0, -179), 222),
        (Place(0, 0), Place(0, 180), 20015),
        (Place(90, 0), Place(-90, 0), 20015),
    ],
)
def test_distances(a: Place, b: Place, km: float) -> None:
    """Great circles, over the date line and between antipodes too, the same both ways."""
    assert distance_km(a, b) == pytest.approx(km, abs=1)
    assert distance_km(b, a) == pytest.approx(distance_km(a, b))


def test_the_registry_of_a_configuration() -> None:
    """Sites by name and every egress, as written."""
    settings = Settings.model_validate(
        {
            "broker": {"url": "mqtt://127.0.0.1:1883"},
            "history": {"kind": "embedded"},
            "sites": {"Lyon": {"latitude": 45.76, "longitude": 4.84, "zone": "Europe/Paris", "simulated": True}},
            "egress": [{"prefix": "203.0.113.0/24", "name": "Lyon", "latitude": 45.76, "longitude": 4.84}],
        }
    )
    found = registry_of(settings)
    assert (found.sites, found.egress) == ({"Lyon": Site("Lyon", LYON, "Europe/Paris", simulated=True)}, (NARROW,))


def test_its_content_is_replaced_in_place() -> None:
    """Whoever holds it sees the new sites and ways out, and can tell that it changed; what is no prefix changes nothing."""
    registry = Registry({"Lyon": Site("Lyon", LYON)}, [NARROW])
    registry.adopt({"Faro": Site("Faro")}, [WIDE])
    assert (list(registry.sites), registry.egress_of("203.0.113.7"), registry.version) == (["Faro"], WIDE, 1)
    with pytest.raises(ValueError, match="nonsense"):
        registry.adopt({}, [Egress("nonsense", "x", LYON)])
    assert (list(registry.sites), registry.egress_of("203.0.113.7"), registry.version) == (["Faro"], WIDE, 1)


def test_the_circuit_of_an_address() -> None:
    """Longest range first; an address of none, or no address, has none."""
    ranges = (EgressRange("203.0.112.0/20", "MPLS"), EgressRange("203.0.113.0/24", "Fibre"), EgressRange("2001:db8::/32", "Six"))
    site = Site("Lyon", egress=ranges)
    asked = ("203.0.113.9", "203.0.112.9", "2001:db8::9", "198.51.100.9", "")
    assert [site.circuit_of(address) for address in asked] == ["Fibre", "MPLS", "Six", "", ""]
