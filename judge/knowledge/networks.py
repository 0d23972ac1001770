"""Whose network an address or an AS number is, as far as the knowledge goes: security clouds, public clouds, Microsoft itself. Pure.

The data are `networks.toml` (owners, AS numbers, how complete and how old) and `prefixes.csv` (their prefixes). An egress in one of them
raises the question who operates what stands there; it never answers it, and Microsoft's own network as an egress raises it too (S12).
"""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field

from judge.knowledge.row import Name, Signature

NetworkKind = Literal["security", "cloud", "content", "microsoft", "tunnel"]
"""`security`: a vendor's cloud gateway. `tunnel`: addresses a client program puts in place of real ones. `content`: a delivery network."""
Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network

ADDRESSES = 8192
"""Addresses whose network is remembered: a fleet leaves by a few, and is asked about all of them at each look."""


class Network(Signature):
    """One owner's network. `shared`: it serves other things too, so it says less. `as_of` and `complete` are about the prefixes."""

    id: Name
    owner: Name
    kind: NetworkKind
    product: str | None = None
    asns: tuple[Annotated[int, Field(ge=1, lt=2**32)], ...] = ()
    shared: bool = False
    as_of: str = ""
    complete: bool = False


class NetworkTable:
    """Looks up addresses and AS numbers. Prefixes of different owners may lie inside one another: the longest is meant."""

    def __init__(self, networks: Iterable[Network], prefixes: Iterable[tuple[Prefix, str]]) -> None:
        """`prefixes` pairs each prefix with its network's id; ids without an enabled network are left out."""
        self.networks = tuple(networks)
        by_id = {one.id: one for one in self.networks if one.enabled}
        self._of_asn = {asn: one for one in by_id.values() for asn in one.asns}
        self._lengths: dict[int, list[int]] = {}
        self._starts: dict[tuple[int, int], tuple[list[int], list[Network]]] = {}
        self.count = 0
        self._known = lru_cache(maxsize=ADDRESSES)(self._longest)
        ordered = sorted((prefix.version, -prefix.prefixlen, int(prefix.network_address), one) for prefix, one in prefixes)
        for version, length, start, name in ordered:
            network = by_id.get(name)
            if network is None:
                continue
            self.count += 1
            if (version, -length) not in self._starts:
                self._starts[version, -length] = ([], [])
                self._lengths.setdefault(version, []).append(-length)
            starts, owners = self._starts[version, -length]
            starts.append(start)
            owners.append(network)

    def of_address(self, address: str) -> Network | None:
        """Return the network with the longest prefix around an address; None if there is none, or `address` is no address."""
        return self._known(address)

    def _longest(self, address: str) -> Network | None:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        number, bits = int(parsed), parsed.max_prefixlen
        for length in self._lengths.get(parsed.version, ()):
            starts, owners = self._starts[parsed.version, length]
            start = number >> (bits - length) << (bits - length)
            index = bisect_right(starts, start) - 1
            if index >= 0 and starts[index] == start:
                return owners[index]
        return None

    def of_asn(self, asn: int | None) -> Network | None:
        """Return the network an AS number belongs to."""
        return self._of_asn.get(asn) if asn is not None else None

    def of(self, address: str, asn: int | None = None) -> Network | None:
        """Return the network by prefix, which says more, else by AS number."""
        return self.of_address(address) or self.of_asn(asn)
