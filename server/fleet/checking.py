"""What is wrong with a site somebody entered: by itself, and beside all others. Pure; every trouble names its field and the remedy.

Overlapping LANs are refused unless egress ranges tell the sites apart, as Microsoft's own tool says; shared egress ranges alone are only
noted, for many branches leave by one way out.
"""

import ipaddress
import math
import re
import zoneinfo
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from server.fleet.entries import RESERVED, Entry
from server.fleet.registry import Criticality, EgressRange, Place, Site

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST = {"name": 256, "zone": 64, "address": 512, "region": 128, "owner": 256}
LONGEST_CIRCUIT = 128
"""Columns of `server/state/sites_tables.py`."""
MOST_NETWORKS = 1000
"""Of one site. A campus has some hundred VLANs; more is a whole company pasted into one cell."""
SHORTEST = {4: 8, 6: 16}
"""Prefix lengths below these claim a share of the internet, not a LAN (for IPv4 Microsoft's own limit)."""
ADDRESS_LIKE = re.compile(r"[0-9a-fA-F.:/]*[0-9][.:/][0-9a-fA-F.:/]*")
FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one field; `text` is what it is and the remedy."""

    field: str
    text: str

    def __str__(self) -> str:
        """Return both."""
        return f"{self.field}: {self.text}"


def troubles_of(entry: Entry) -> list[Trouble]:
    """Return what is wrong with an entry by itself."""
    found = [Trouble("name", text) for text in _name(entry.name)]
    for name in ("zone", "address", "region", "owner"):
        value = getattr(entry, name)
        found += [Trouble(name, text) for text in _text(value or "", LONGEST[name])]
    if entry.address and entry.address.startswith(FORMULA):
        found.append(Trouble("address", _formula(entry.address)))
    found += _place(entry.place)
    if entry.zone is not None and not is_zone(entry.zone):
        text = f"{entry.zone[:64]!r} is no time zone this machine knows; write an IANA name as Europe/Berlin"
        found.append(Trouble("zone", text))
    if entry.criticality is not None and entry.criticality not in get_args(Criticality):
        text = f"{str(entry.criticality)[:32]!r} is not known; write {', '.join(get_args(Criticality))}"
        found.append(Trouble("criticality", text))
    found += _networks("subnets", entry.subnets or ())
    found += _networks("egress", tuple(one.prefix for one in entry.egress or ()))
    return found + [Trouble("egress", text) for one in entry.egress or () for text in _circuit(one)]


def is_zone(name: str) -> bool:
    """Return whether this machine knows a time zone."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # unknown, unsafe path, a folder
        return name == "UTC"  # known without any time zone files
    return True


def network_trouble(text: str) -> str:
    """Return why a text is no prefix (CIDR) of a LAN or a way out; empty when it is one."""
    try:
        network: Network = ipaddress.ip_network(text)
    except ValueError:
        try:
            meant = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return f"{text[:64]!r} is not a prefix; write it as 10.1.2.0/24"
        return f"{text} has host bits set; write {meant}"
    if network.prefixlen < SHORTEST[network.version]:
        return f"{text} is larger than any LAN; write prefixes of /{SHORTEST[network.version]} or longer"
    return ""


def _name(name: str) -> Iterator[str]:
    if not name.strip():
        yield "is empty; write what people call the site, as Porto"
        return
    if name.casefold() in RESERVED:
        yield f"{name!r} stands for agents without a site; write what people call the site"
    if name != " ".join(name.split()):
        yield f"{name[:64]!r} has blanks too many; write {' '.join(name.split())[:64]!r}"
    if name.startswith(FORMULA):
        yield _formula(name)
    yield from _text(name, LONGEST["name"])


def _text(value: str, longest: int) -> Iterator[str]:
    if len(value) > longest:
        yield f"has {len(value)} characters; write at most {longest}"
    if not value.isprintable():
        yield "has characters that cannot be printed; remove line breaks and control characters"


def _formula(value: str) -> str:
    return f"begins with {value[0]!r}, which spreadsheets take for a formula; begin with a letter or a digit"


def _place(place: Place | None) -> Iterator[Trouble]:
    for name, value, most, direction in (
        ("latitude", place.latitude if place else 0.0, 90, "north"),
        ("longitude", place.longitude if place else 0.0, 180, "east"),
    ):
        if not math.isfinite(value) or abs(value) > most:
            yield Trouble(name, f"{value:g} is nowhere on Earth; write degrees from -{most} to {most}, {direction} positive")


def _networks(field: str, prefixes: tuple[str, ...]) -> Iterator[Trouble]:
    yield from (Trouble(field, text) for text in map(network_trouble, prefixes) if text)
    if len(prefixes) > MOST_NETWORKS:
        yield Trouble(field, f"are {len(prefixes)}; write at most {MOST_NETWORKS}, joining neighbours")
    for one in sorted({one for one in prefixes if prefixes.count(one) > 1} if len(prefixes) <= MOST_NETWORKS else ()):
        yield Trouble(field, f"{one} stands there twice; remove one of the two")


def _circuit(one: EgressRange) -> Iterator[str]:
    if one.circuit != " ".join(one.circuit.split()):
        yield f"circuit {one.circuit[:64]!r} has blanks too many; write {' '.join(one.circuit.split())[:64]!r}"
    if any(ADDRESS_LIKE.fullmatch(word) for word in one.circuit.split()):
        yield f"circuit {one.circuit[:64]!r} has a word that reads as an address; write a name"
    if one.circuit.startswith(FORMULA):
        yield f"circuit {_formula(one.circuit)}"
    yield from (f"circuit {text}" for text in _text(one.circuit, LONGEST_CIRCUIT))


class Held:
    """The networks of many sites, asked which of them a site would clash with. Each site's are good CIDR."""

    def __init__(self, sites: Iterable[Site] = ()) -> None:
        self._sites: dict[str, Site] = {}
        self._names: dict[str, str] = {}
        self._lans, self._ways = _Prefixes(), _Prefixes()
        for site in sites:
            self.add(site)

    def add(self, site: Site) -> None:
        """Hold a site, in place of one of the same name."""
        self.drop(site.name)
        self._sites[site.name] = site
        self._names[site.name.casefold()] = site.name
        self._lans.add(site.subnets, site.name)
        self._ways.add([one.prefix for one in site.egress], site.name)

    def drop(self, name: str) -> None:
        """Hold a site no longer."""
        site = self._sites.pop(name, None)
        if site is not None:
            self._names.pop(name.casefold(), None)
            self._lans.drop(site.subnets, name)
            self._ways.drop([one.prefix for one in site.egress], name)

    def clashes(self, site: Site) -> list[Trouble]:
        """Return why a site cannot stand beside the others."""
        known = self._names.get(site.name.casefold(), site.name)
        found = [] if known == site.name else [Trouble("name", f"{site.name!r} and {known!r} differ in case only; write {known!r}")]
        for prefix in site.subnets:
            for other, theirs in self._lans.overlapping(prefix):
                if other != site.name and not _told_apart(site, self._sites[other]):
                    same = "is" if theirs == prefix else f"overlaps {theirs},"
                    remedy = "give both sites egress ranges that tell them apart, or take it from one of them"
                    found.append(Trouble("subnets", f"{prefix} {same} a LAN of {other!r}; {remedy}"))
        return found

    def notes(self, site: Site) -> list[Trouble]:
        """Return what is worth knowing and no mistake."""
        found = []
        for one in site.egress:
            others = sorted({other for other, _ in self._ways.overlapping(one.prefix) if other != site.name})
            if others:
                more = f" and {len(others) - 1} more" if len(others) > 1 else ""
                found.append(Trouble("egress", f"{one.prefix} is a way out of {others[0]!r}{more} too; it cannot tell these sites apart"))
        if site.place is None:
            found.append(Trouble("latitude", "is not known; the site is on no map until somebody enters its coordinates"))
        return found


def _told_apart(one: Site, other: Site) -> bool:
    ours, theirs = ([ipaddress.ip_network(way.prefix) for way in site.egress] for site in (one, other))
    return bool(ours and theirs) and not any(a.version == b.version and a.overlaps(b) for a in ours for b in theirs)


class _Prefixes:
    """Prefixes with their sites; finds the overlapping ones by halving, for 50,000 sites come in one file."""

    def __init__(self) -> None:
        self._sorted: dict[int, list[tuple[int, int, str, str]]] = {4: [], 6: []}
        self._lengths: dict[int, dict[int, int]] = {4: {}, 6: {}}

    def add(self, prefixes: Iterable[str], site: str) -> None:
        for prefix in prefixes:
            network = ipaddress.ip_network(prefix)
            insort(self._sorted[network.version], (int(network.network_address), network.prefixlen, site, prefix))
            lengths = self._lengths[network.version]
            lengths[network.prefixlen] = lengths.get(network.prefixlen, 0) + 1

    def drop(self, prefixes: Iterable[str], site: str) -> None:
        for prefix in prefixes:
            network = ipaddress.ip_network(prefix)
            row = (int(network.network_address), network.prefixlen, site, prefix)
            self._sorted[network.version].pop(bisect_left(self._sorted[network.version], row))
            self._lengths[network.version][network.prefixlen] -= 1

    def overlapping(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Yield (site, its prefix) of all that hold this prefix or lie in it."""
        network = ipaddress.ip_network(prefix)
        rows, first = self._sorted[network.version], int(network.network_address)
        last = int(network.broadcast_address)
        for row in rows[bisect_left(rows, (first, 0, "", "")) : bisect_left(rows, (last + 1, 0, "", ""))]:
            yield row[2], row[3]
        for length, count in self._lengths[network.version].items():
            shift = network.max_prefixlen - length
            start = first >> shift << shift
            if count and length < network.prefixlen and start < first:
                at = bisect_left(rows, (start, length, "", ""))
                while at < len(rows) and rows[at][:2] == (start, length):
                    yield rows[at][2], rows[at][3]
                    at += 1
