"""The simulated company's sites: where they are, by which egress they leave, which front door answers and how far that is.

Only the list of cities is read here. Each site is the same in a fleet of any size: what is by chance is drawn from a seed of the site's
name. Egress addresses are of 198.18.0.0/15, kept for such tests (RFC 2544); cities are GeoNames' (`ORIGIN.md`).
"""

import csv
import ipaddress
import random
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from judge.knowledge.loader import load_knowledge
from server.fleet.registry import Place, distance_km

Device = Literal["gateway", "firewall"]

FRONT_DOORS = (
    *("AMS", "DUB", "FRA", "LON", "MAD", "MIL", "PAR", "STO", "VIE", "WAW"),
    *("CHI", "DFW", "LAX", "MEX", "MIA", "NYC", "YTO", "SAO", "SCL"),
    *("BOM", "DXB", "HKG", "JNB", "SEL", "SIN", "SYD", "TYO"),
)
"""Which of Microsoft's front doors the made-up company meets; the one nearest to the egress answers."""
HUBS = {
    **dict.fromkeys(("DK", "FI", "NO", "SE"), "Stockholm"),
    **dict.fromkeys(("IN", "LK", "NP"), "Mumbai"),
    **dict.fromkeys(("ID", "MY", "PH", "SG", "TH", "VN"), "Singapore"),
    **dict.fromkeys(("AE", "BH", "KW", "OM", "QA", "SA"), "Dubai"),
}
"""Countries whose sites leave by one regional egress; everywhere else a site has its own breakout."""
GATEWAY_SITES = frozenset({"Chicago", "Dallas", "Houston", "Phoenix", "San Antonio", "San Diego"})
"""Sites behind one cloud web gateway that decrypts, long known."""
FIREWALL_SITES = frozenset({"Birmingham", "Rotterdam"})
"""Sites behind firewalls that decrypt with one authority of the company, long known."""
PROXIED_SITES = frozenset({"Istanbul", "Mexico City", "Warsaw"})
BACKHAULED = "Sydney"
"""The site whose traffic goes through a VPN to Frankfurt and leaves there."""
FLAKY = "Nairobi"
FALLS_SILENT = "Bogotá"
_FRANKFURT = (50.11, 8.68)
_KM_PER_MS = 200.0
"""Light in fibre covers two thirds of 300 km in a millisecond."""
_DETOUR = 1.4
"""Fibre does not lie on great circles; 1.4 is the usual rule of thumb."""
_OWN, _SHARED = int(ipaddress.IPv4Address("198.18.0.0")), int(ipaddress.IPv4Address("198.19.0.0"))
_PREFIX_BITS = 28


@dataclass(frozen=True, slots=True)
class SimulatedEgress:
    """Where sites leave to the internet: a prefix (CIDR), what it is called, and where it is."""

    prefix: str
    name: str
    latitude: float
    longitude: float

    @property
    def address(self) -> str:
        """Return the public address everything that leaves here has."""
        return str(ipaddress.IPv4Network(self.prefix)[1])


@dataclass(frozen=True, slots=True)
class SimulatedSite:
    """One site with one agent. `rtt_ms` is site to egress to front door and back on a quiet day; `proxy_ms` what a proxy's hop adds."""

    name: str
    agent: str
    zone: str
    latitude: float
    longitude: float
    egress: SimulatedEgress
    front_door: str
    rtt_ms: float
    proxy_ms: float
    device: Device | None
    flaky: bool
    falls_silent: bool


@dataclass(frozen=True, slots=True)
class _City:
    index: int
    name: str
    country: str
    latitude: float
    longitude: float
    zone: str


def simulated_sites(count: int = 60) -> list[SimulatedSite]:
    """Return the first `count` sites, the same at each call. Raises ValueError when there are not so many cities."""
    cities = _cities()
    if not 0 <= count <= len(cities):
        raise ValueError(f"{count} simulated sites: there are cities for {len(cities)}; write 0 to {len(cities)}")
    return [_site(city) for city in list(cities.values())[:count]]


def agent_id(city: str) -> str:
    """Return the id of a site's agent: ASCII, lower case, what is no letter or digit a dash."""
    plain = unicodedata.normalize("NFKD", city.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return f"sim-{re.sub('[^a-z0-9]+', '-', plain).strip('-')}-01"


_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "\u0131": "i"})
"""Letters that Unicode does not take apart into an ASCII one and a mark."""


@cache
def _cities() -> Mapping[str, _City]:
    rows = csv.DictReader(files("demo.fleet").joinpath("cities.csv").read_text(encoding="utf-8").splitlines())
    cities = (
        _City(index, row["name"], row["country"], float(row["latitude"]), float(row["longitude"]), row["zone"])
        for index, row in enumerate(rows)
    )
    return {city.name: city for city in cities}


@cache
def _doors() -> Mapping[str, Place]:
    places = load_knowledge().front_doors
    return {code: Place(places[code].latitude, places[code].longitude) for code in FRONT_DOORS}


def _site(city: _City) -> SimulatedSite:
    chance = random.Random(city.name)  # noqa: S311 - made up, the same each time
    egress = _egress(city)
    leaves = Place(egress.latitude, egress.longitude)
    front_door = min(_doors(), key=lambda code: distance_km(leaves, _doors()[code]))
    km = distance_km(Place(city.latitude, city.longitude), leaves) + distance_km(leaves, _doors()[front_door])
    access_ms = chance.uniform(2.0, 7.0)
    proxied = city.name in PROXIED_SITES or (chance.random() < 0.04 and city.name not in GATEWAY_SITES | FIREWALL_SITES)
    return SimulatedSite(
        name=city.name,
        agent=agent_id(city.name),
        zone=city.zone,
        latitude=city.latitude,
        longitude=city.longitude,
        egress=egress,
        front_door=front_door,
        rtt_ms=round(2 * km * _DETOUR / _KM_PER_MS + access_ms, 2),
        proxy_ms=round(chance.uniform(9.0, 28.0), 2) if proxied else 0.0,
        device="gateway" if city.name in GATEWAY_SITES else "firewall" if city.name in FIREWALL_SITES else None,
        flaky=city.name == FLAKY,
        falls_silent=city.name == FALLS_SILENT,
    )


def _egress(city: _City) -> SimulatedEgress:
    """Return by where a city's site leaves."""
    if city.name in GATEWAY_SITES:
        return _shared(0, "Dallas, cloud web gateway", _cities()["Dallas"])
    if city.name == BACKHAULED:
        return SimulatedEgress(_prefix(_SHARED, 1), "Frankfurt, VPN gateway", *_FRANKFURT)
    hub = HUBS.get(city.country)
    if hub is not None:
        return _shared(2 + sorted(set(HUBS.values())).index(hub), f"{hub}, regional egress", _cities()[hub])
    return SimulatedEgress(_prefix(_OWN, city.index), f"{city.name}, own breakout", city.latitude, city.longitude)


def _shared(number: int, name: str, place: _City) -> SimulatedEgress:
    return SimulatedEgress(_prefix(_SHARED, number), name, place.latitude, place.longitude)


def _prefix(start: int, number: int) -> str:
    return f"{ipaddress.IPv4Address(start + (number << 32 - _PREFIX_BITS))}/{_PREFIX_BITS}"
