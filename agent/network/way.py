"""The ways a connection can leave by, and the text in which PAC files and settings name them. Pure: words in, words out.

A route is what a plan asks for; a way is what it comes to for one target: directly, through a proxy, or from an address of this machine.
"""

import re
from dataclasses import dataclass
from typing import Literal

from agent.network.address import is_address, joined
from wire.target import Route

WayKind = Literal["direct", "proxy", "https-proxy", "source", "unsupported"]
Origin = Literal["", "plan", "environment", "settings", "pac", "wpad"]
"""Who said so. Empty for a direct route, where nobody had to."""

MAX_WAYS = 8
"""A list this long already means minutes of waiting for a person; the longest seen in the field have four."""
_KINDS: dict[str, tuple[WayKind, int]] = {
    "PROXY": ("proxy", 80),
    "HTTP": ("proxy", 80),
    "HTTPS": ("https-proxy", 443),
    "SOCKS": ("unsupported", 1080),
    "SOCKS4": ("unsupported", 1080),
    "SOCKS5": ("unsupported", 1080),
    "QUIC": ("unsupported", 443),
}
"""The words of a PAC file's answer, and the port where none is written (Chromium's proxy schemes)."""
_PLACE = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Way:
    """One way. `host` and `port` are the proxy's; for `source` `host` is the interface or address asked for, `addresses` are its own.

    A connection from an address leaves by that address' interface where the system routes by source (Windows' strong host model); on
    Linux the interface itself is bound too, which needs no privilege since Linux 5.7; on macOS the routing table has the last word.
    """

    kind: WayKind = "direct"
    host: str = ""
    port: int = 0
    addresses: tuple[str, ...] = ()
    word: str = ""

    @property
    def proxied(self) -> bool:
        """Return whether a proxy is connected to in the target's place."""
        return self.kind in {"proxy", "https-proxy"}

    @property
    def name(self) -> str:
        """Return the way in a word or two: `WebFacts.via`. An address of this machine's own is never in it."""
        if self.kind == "unsupported":
            return f"{self.word.lower()} {joined(self.host, self.port)}"
        return f"{self.kind} {joined(self.host, self.port)}" if self.proxied else self.kind

    def local_for(self, address: str) -> str | None:
        """Return which own address a connection to `address` is to come from; None leaves it to the system, empty means there is none."""
        if self.kind != "source":
            return None
        return next((own for own in self.addresses if (":" in own) == (":" in address)), "")


DIRECT_WAY = Way()


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways to try in order. `note` says why a PAC file that should have had a say had none; empty when all went well."""

    ways: tuple[Way, ...] = (DIRECT_WAY,)
    origin: Origin = ""
    note: str = ""

    @property
    def direct(self) -> bool:
        """Return whether the first way is the direct one: then another measurement beside the direct route's would be the same."""
        return self.ways[0].kind == "direct"


def ways_of(text: str) -> tuple[Way, ...]:
    """Return the ways of a PAC file's answer (`PROXY a:8080; DIRECT`). What cannot be read is left out; nothing left means direct."""
    found: list[Way] = []
    for part in text.split(";")[: 4 * MAX_WAYS]:
        words = part.split()
        if not words:
            continue
        word = words[0].upper()
        if word == "DIRECT":
            found.append(DIRECT_WAY)
        elif word in _KINDS and len(words) == 2 and (way := _way(word, words[1])) is not None:
            found.append(way)
    return tuple(dict.fromkeys(found))[:MAX_WAYS] or (DIRECT_WAY,)


def _way(word: str, place: str) -> Way | None:
    kind, usual = _KINDS[word]
    matched = _PLACE.fullmatch(place)
    if matched is None:
        return None
    host, port = matched[1] or matched[2], int(matched[3] or usual)
    if not 0 < port < 65_536 or (matched[1] and not is_address(host)):
        return None
    return Way(kind, host.lower(), port, word=word if kind == "unsupported" else "")


def planned(route: Route) -> Way:
    """Return the way of a route that the plan alone decides. A `system` route's is decided elsewhere and counts as direct here."""
    if route.kind == "proxy":
        return ways_of(f"PROXY {route.proxy}")[0]
    if route.kind == "source":
        source = route.source or ""
        return Way("source", source, addresses=(source,) if is_address(source) else ())
    return DIRECT_WAY
