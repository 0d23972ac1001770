"""The registry of places: which sites there are, which egress an address belongs to, how far apart two places are. Pure.

One object is handed to everybody who needs it, and its content is replaced in place when the sites change (`server/sites.py` does that):
so ask it each time, keep nothing of it. Sites that report without being registered have no place, and nothing here invents one.
"""

import ipaddress
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from server.config import Settings
from server.fleet.hours import WORK_WEEK, BusinessHours

Criticality = Literal["low", "normal", "high", "critical"]
Origin = Literal["config", "csv", "person"]
"""Who said it first: the configuration, an imported file, a person in the console or on the command line."""

_parsed = lru_cache(maxsize=8192)(ipaddress.ip_address)
"""A fleet leaves by a few addresses, and is asked about all of them at each look."""
EARTH_KM = 6371.0088
"""Mean radius (IUGG); on a sphere a great circle is wrong by at most 0.5 %."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point on Earth in degrees, north and east positive."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class EgressRange:
    """Public addresses (CIDR) a site leaves by, and the name of the circuit. It says nothing of where on Earth they are."""

    prefix: str
    circuit: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """One site. `zone` is an IANA name; `place` is None while nobody said its coordinates; `subnets` are its LANs (CIDR)."""

    name: str
    place: Place | None = None
    zone: str = "UTC"
    simulated: bool = False
    address: str = ""
    region: str = ""
    owner: str = ""
    criticality: Criticality = "normal"
    hours: BusinessHours = WORK_WEEK
    subnets: tuple[str, ...] = ()
    egress: tuple[EgressRange, ...] = ()
    origin: Origin = "config"

    def circuit_of(self, address: str) -> str:
        """Return the circuit whose range holds a public address, longest prefix first; empty when none does or it has no name."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return ""
        ranges = [(ipaddress.ip_network(one.prefix), one.circuit) for one in self.egress]
        fits = [(network.prefixlen, circuit) for network, circuit in ranges if parsed in network]
        return max(fits)[1] if fits else ""


@dataclass(frozen=True, slots=True)
class Egress:
    """Where the public addresses of a prefix (CIDR) leave to the internet, and what that way out is called."""

    prefix: str
    name: str
    place: Place


class Registry:
    """Sites by name, and the known ways out. Raises ValueError for an egress that is not CIDR."""

    def __init__(self, sites: Mapping[str, Site] | None = None, egress: Sequence[Egress] = ()) -> None:
        self.sites: Mapping[str, Site] = {}
        self.egress: Sequence[Egress] = ()
        self.version = -1
        """Rises with every change, so that whoever computes something from it can tell."""
        self._by_prefix: dict[tuple[int, int], dict[int, Egress]] = {}
        """(IP version, prefix length) -> network as a number -> egress, longest first: a thousand sites look up in a thousand prefixes."""
        self.adopt(sites or {}, egress)

    def adopt(self, sites: Mapping[str, Site], egress: Sequence[Egress]) -> None:
        """Replace the content; whoever holds this object sees the new one from now on. On ValueError the old one stays."""
        by_prefix: dict[tuple[int, int], dict[int, Egress]] = {}
        networks = [(ipaddress.ip_network(one.prefix), one) for one in egress]
        for network, one in sorted(networks, key=lambda pair: -pair[0].prefixlen):
            by_prefix.setdefault((network.version, network.prefixlen), {})[int(network.network_address)] = one
        self.sites, self.egress, self._by_prefix = dict(sites), tuple(egress), by_prefix
        self.version += 1

    def egress_of(self, address: str) -> Egress | None:
        """Return the egress with the longest prefix that holds this address; None when there is none, or it is no address."""
        try:
            parsed = _parsed(address)
        except ValueError:
            return None
        number = int(parsed)
        for (version, length), networks in self._by_prefix.items():
            if version == parsed.version:
                found = networks.get(number >> (parsed.max_prefixlen - length) << (parsed.max_prefixlen - length))
                if found is not None:
                    return found
        return None


def registry_of(settings: Settings) -> Registry:
    """Return the registry a configuration describes."""
    sites = {name: Site(name, Place(one.latitude, one.longitude), one.zone, one.simulated) for name, one in settings.sites.items()}
    return Registry(sites, [Egress(one.prefix, one.name, Place(one.latitude, one.longitude)) for one in settings.egress])


def distance_km(a: Place, b: Place) -> float:
    """Return the great-circle distance by the haversine formula, exact for near places too."""
    north, south = math.radians(a.latitude), math.radians(b.latitude)
    half_north = math.sin((south - north) / 2) ** 2
    half_east = math.sin(math.radians(b.longitude - a.longitude) / 2) ** 2
    part = half_north + math.cos(north) * math.cos(south) * half_east
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, part)))
