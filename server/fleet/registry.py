"""The registry of places: which sites there are, which egress an address belongs to, how far apart two places are. Pure.

Its source is the configuration; sites that report without being registered have no place, and nothing here invents one.
"""

import ipaddress
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.config import Settings

EARTH_KM = 6371.0088
"""Mean radius (IUGG); on a sphere a great circle is wrong by at most 0.5 %."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point on Earth in degrees, north and east positive."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Site:
    """One site. `zone` is an IANA name."""

    name: str
    place: Place
    zone: str = "UTC"
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Egress:
    """Where the public addresses of a prefix (CIDR) leave to the internet, and what that way out is called."""

    prefix: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Registry:
    """Sites by name, and the known ways out."""

    sites: Mapping[str, Site] = field(default_factory=dict)
    egress: Sequence[Egress] = ()
    _by_prefix: dict[tuple[int, int], dict[int, Egress]] = field(init=False, repr=False, compare=False, default_factory=dict)
    """(IP version, prefix length) -> network as a number -> egress, longest first: a thousand sites look up in a thousand prefixes."""

    def __post_init__(self) -> None:
        """Sort the prefixes. Raises ValueError for what is not CIDR."""
        networks = [(ipaddress.ip_network(one.prefix), one) for one in self.egress]
        for network, one in sorted(networks, key=lambda pair: -pair[0].prefixlen):
            self._by_prefix.setdefault((network.version, network.prefixlen), {})[int(network.network_address)] = one

    def egress_of(self, address: str) -> Egress | None:
        """Return the egress with the longest prefix that holds this address; None when there is none, or it is no address."""
        try:
            parsed = ipaddress.ip_address(address)
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
