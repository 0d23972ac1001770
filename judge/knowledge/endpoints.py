"""Microsoft's endpoint list: which set, category and workload a host and port belong to. Pure look-ups.

Rules of the list (Microsoft 365 IP address and URL web service): a name may be in several sets, the highest category wins
(Optimize, Allow, Default); ports matter, `outlook.office365.com` is Optimize on 443 and Allow on 993. Wildcards: a leading `*.` for any
depth, and the two odd ones, `*cdn.onenote.net` (no dot) and `autodiscover.*.onmicrosoft.com` (inner, one label).
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from wire.vocabulary import Category, Workload

Instance = Literal["Worldwide", "China", "USGovGCCHigh", "USGovDoD"]
"""Microsoft's four instances, by the names its web service uses. The same set id means another thing in each."""

_RANK: dict[Category, int] = {"Optimize": 0, "Allow": 1, "Default": 2, "Control": 3}
_WORKLOADS: dict[str, Workload] = {
    "Exchange": "Exchange",
    "SharePoint": "SharePoint",
    "Skype": "Teams",
    "Common": "Common",
    "MEM": "Common",
}
"""The Teams area is named Skype in the list; Intune (MEM) counts as Common."""


@dataclass(frozen=True, slots=True)
class EndpointSet:
    """One set of the list. `tcp` and `udp` are (first, last) port ranges, `ips` its prefixes (none for all sets of category Default).

    `intune`: of the service area MEM, which the web service returns only when it is asked for by name.
    """

    id: int
    category: Category
    workload: Workload
    required: bool
    urls: tuple[str, ...] = ()
    tcp: tuple[tuple[int, int], ...] = ()
    udp: tuple[tuple[int, int], ...] = ()
    ips: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    intune: bool = False

    def has_port(self, port: int, *, udp: bool = False) -> bool:
        """Return whether the set covers a TCP (or UDP) port."""
        return any(first <= port <= last for first, last in (self.udp if udp else self.tcp))

    def holds(self, address: str) -> bool | None:
        """Return whether an address is in the set's prefixes; None when the set publishes none, or `address` is no address."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        return any(parsed in prefix for prefix in self.ips if prefix.version == parsed.version) if self.ips else None


class EndpointList:
    """The sets of one instance, indexed by name."""

    def __init__(self, sets: Iterable[EndpointSet]) -> None:
        """Index exact names and `*.` suffixes; the few odd wildcards become expressions."""
        self.sets = tuple(sets)
        self._by_id = {one.id: one for one in self.sets}
        self._exact: dict[str, list[EndpointSet]] = {}
        self._below: dict[str, list[EndpointSet]] = {}
        self._odd: list[tuple[re.Pattern[str], EndpointSet]] = []
        for one in self.sets:
            for url in one.urls:
                self._index(url.lower(), one)

    def _index(self, url: str, one: EndpointSet) -> None:
        if "*" not in url:
            self._exact.setdefault(url, []).append(one)
        elif url.startswith("*.") and "*" not in url[2:]:
            self._below.setdefault(url[2:], []).append(one)
        else:
            self._odd.append((_expression(url), one))

    def by_id(self, endpoint_set: int | None) -> EndpointSet | None:
        """Return a set by its id."""
        return self._by_id.get(endpoint_set) if endpoint_set is not None else None

    def find(self, host: str, port: int = 443, *, udp: bool = False) -> EndpointSet | None:
        """Return the set of the highest category for `host` and TCP (or UDP) `port`; of equal ones the required one, then the lowest id."""
        host = host.lower().rstrip(".")
        found = list(self._exact.get(host, ()))
        rest = host
        while "." in rest:
            rest = rest.partition(".")[2]
            found += self._below.get(rest, ())
        found += [one for expression, one in self._odd if expression.fullmatch(host)]
        fitting = [one for one in found if one.has_port(port, udp=udp)]
        return min(fitting, key=lambda one: (_RANK[one.category], not one.required, one.id), default=None)


def read_set(plain: dict[str, object]) -> EndpointSet:
    """Return one set of the web service's answer. Raises KeyError, TypeError or ValueError for what is none."""
    if not isinstance(plain["id"], int):
        raise TypeError("id is a number")
    return EndpointSet(
        id=plain["id"],
        category=_category(str(plain["category"])),
        workload=_WORKLOADS[str(plain["serviceArea"])],
        required=bool(plain["required"]),
        urls=_texts(plain, "urls"),
        tcp=read_ports(str(plain.get("tcpPorts", ""))),
        udp=read_ports(str(plain.get("udpPorts", ""))),
        ips=tuple(ipaddress.ip_network(ip) for ip in _texts(plain, "ips")),
        intune=plain["serviceArea"] == "MEM",
    )


def _texts(plain: dict[str, object], name: str) -> tuple[str, ...]:
    listed = plain.get(name, [])
    if not isinstance(listed, list):
        raise TypeError(f"{name} is a list")
    return tuple(str(one) for one in listed)


def read_ports(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of a port string: `143, 587`, `80,443`, `3478-3481`, or an empty one. Raises ValueError."""
    ranges = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, _, last = part.partition("-")
        ranges.append((int(first), int(last or first)))
    return tuple(ranges)


def covers(pattern: str, host: str) -> bool:
    """Return whether a pattern (exact, or a leading `*.` for any depth) covers a host."""
    pattern, host = pattern.lower(), host.lower().rstrip(".")
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _category(word: str) -> Category:
    for category in _RANK:
        if word == category:
            return category
    raise ValueError(f"{word!r} is no category")


def _expression(url: str) -> re.Pattern[str]:
    head = ".*" if url.startswith("*") else ""
    return re.compile(head + re.escape(url.lstrip("*")).replace(r"\*", "[^.]+"))
