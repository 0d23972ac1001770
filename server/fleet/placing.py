"""Where a report was measured, by its context: a site, `remote`, or `unassigned`. Pure.

In this order: the LAN prefix, when a site has it; egress ranges only tell apart sites that share one; else the name the agent declares;
else where it was before. An agent in a network of no site is remote when its site's networks are known (they are not these), or when it
was seen before and now has a VPN up: what it measures takes the tunnel, not the site's way. So a laptop at home, and a guest network
nobody registered, never feed a site's baseline.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from server.fleet.entries import REMOTE, UNASSIGNED
from server.fleet.registry import Registry, Site
from wire.context import Context

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What says where a report was measured. `network`: the interface's prefix, `egress`: the public address; empty when not known."""

    network: str = ""
    vpn: bool = False
    declared: str = ""
    egress: str = ""


def of_context(context: Context, egress: str = "") -> Whereabouts:
    """Return what a report's context says, with the public address beside it."""
    return Whereabouts(context.network or "", context.vpn, context.site or "", egress)


class Networks:
    """Which sites have which LAN prefix. Neighbouring subnets of one site are one: an interface may have the wider mask."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self._by_prefix: dict[tuple[int, int], dict[int, set[str]]] = {}
        self._ranges: dict[str, list[_Network]] = {}
        self._known: set[str] = set()
        for site in sites:
            self._ranges[site.name] = [ipaddress.ip_network(one.prefix) for one in site.egress]
            parsed = [ipaddress.ip_network(one) for one in site.subnets]
            for version in (4, 6):
                same = [one for one in parsed if one.version == version]
                for network in ipaddress.collapse_addresses(same):  # type: ignore[type-var]  # all of one version
                    key = (network.version, network.prefixlen)
                    self._by_prefix.setdefault(key, {}).setdefault(int(network.network_address), set()).add(site.name)
                    self._known.add(site.name)

    def known(self, site: str) -> bool:
        """Return whether any LAN of a site is registered."""
        return site in self._known

    def sites_with(self, network: str) -> set[str]:
        """Return the sites that have a prefix, whole; none for what is no prefix."""
        try:
            parsed = ipaddress.ip_network(network, strict=False)
        except ValueError:
            return set()
        number = int(parsed.network_address)
        found: set[str] = set()
        for (version, length), networks in self._by_prefix.items():
            if version == parsed.version and length <= parsed.prefixlen:
                shift = parsed.max_prefixlen - length
                found |= networks.get(number >> shift << shift, set())
        return found

    def leaving_by(self, sites: Iterable[str], egress: str) -> set[str]:
        """Return those of these sites whose ranges hold a public address."""
        try:
            address = ipaddress.ip_address(egress)
        except ValueError:
            return set()
        return {site for site in sites if any(address in one for one in self._ranges[site])}

    def told_apart(self, sites: Iterable[str]) -> bool:
        """Return whether all these sites have egress ranges."""
        return all(self._ranges[site] for site in sites)


def place_of(seen: Whereabouts, networks: Networks, earlier: str, current: str = "") -> str:
    """Return the place of a context. `earlier`: the last site the agent was at, in any context, or nothing.

    `current`: the place this very context has, when it is asked again because the sites changed: it stays where the rules leave a choice.
    """
    stood = current if _is_site(current) else ""
    shared = networks.sites_with(seen.network)
    if shared:
        return _one_of(shared, seen, networks, earlier, stood)
    home = seen.declared or stood or earlier
    if not seen.network:
        return home or current or UNASSIGNED
    if home and networks.known(home):
        return REMOTE
    if seen.vpn and not stood and (earlier or current == REMOTE):
        return REMOTE
    return home or current or UNASSIGNED


def _one_of(shared: set[str], seen: Whereabouts, networks: Networks, earlier: str, stood: str) -> str:
    """Return which of the sites with this prefix it is."""
    if len(shared) == 1:
        return next(iter(shared))
    leaving = networks.leaving_by(shared, seen.egress)
    if len(leaving) == 1:
        return next(iter(leaving))
    among = leaving or shared
    if stood in among:
        return stood
    if seen.egress and not leaving and networks.told_apart(shared):
        return REMOTE  # a third place with the same prefix: a home
    return next((name for name in (seen.declared, earlier) if name in among), UNASSIGNED)


def _is_site(place: str) -> bool:
    return place not in {"", UNASSIGNED, REMOTE}


def latest_site(places: Iterable[tuple[int, str]]) -> str:
    """Return the last of (when, place) that is a site; empty when none is."""
    return max((one for one in places if _is_site(one[1])), default=(0, ""))[1]


class Placer:
    """Places by the registry as it is now; what is made from it is made once for each of its versions."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._version = -1
        self._networks = Networks(())

    @property
    def version(self) -> int:
        """Return the registry's version: another one may place otherwise."""
        return self._registry.version

    def place(self, seen: Whereabouts, earlier: str, current: str = "") -> str:
        """Return the place of a context, as `place_of` says."""
        if self._version != self._registry.version:
            self._version, self._networks = self._registry.version, Networks(self._registry.sites.values())
        return place_of(seen, self._networks, earlier, current)
