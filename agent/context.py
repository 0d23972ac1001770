"""The link this machine is on, from the kernel's own tables: gateway, kind of interface, VPN, prefix. Elsewhere than Linux the site only.

Files in `/proc` and `/sys` are read, nothing is sent. The gateway leaves this machine only as a hash with the fleet's key, never the
host's own address at all. What place that makes is the centre's to decide.
"""

import hmac
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.config import Agent
from wire.codec import content_id
from wire.context import Context

Interface = Literal["wired", "wireless", "cellular", "other"]
_VPN = ("tun", "tap", "wg", "ppp", "utun", "ipsec", "tailscale", "zt", "vpn", "nordlynx", "gpd", "cscotun")
"""Names the kernel's drivers and the commonest clients give their interfaces."""
_NO_MAC = "00:00:00:00:00:00"


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of /proc/net/route: addresses as integers in host order."""

    interface: str
    destination: int
    gateway: int
    metric: int
    mask: int


class Link:
    """Reads the context anew when asked. Remembers gateways' hardware addresses: the kernel forgets idle ones, a place must not flap."""

    def __init__(self, agent: Agent, read: Callable[[str], str] | None = None) -> None:
        self._agent = agent
        self._read = read or _read
        self._neighbours: dict[tuple[str, str], str] = {}

    def context(self) -> Context:
        """Return the context of this moment."""
        rows = _routes(self._read("/proc/net/route"))
        ways = [row for row in rows if row.destination == row.mask == 0]
        if not ways:
            return Context(site=self._agent.site)
        way = min(ways, key=lambda row: row.metric)
        return Context(
            gateway=self._gateway(way),
            interface=self._kind(way.interface),
            vpn=any(row.interface.startswith(_VPN) for row in rows),
            network=_prefix(way, rows) if self._agent.network_prefix else None,
            site=self._agent.site,
        )

    def _gateway(self, way: _Row) -> str | None:
        """Return the keyed hash of the gateway's two addresses. Without a key none: four bytes are guessed in a second."""
        if not self._agent.fleet_key:
            return None
        address = str(ipaddress.ip_address(way.gateway))
        for (interface, neighbour), hardware in _neighbours(self._read("/proc/net/arp")).items():
            self._neighbours[interface, neighbour] = hardware
        hardware = self._neighbours.get((way.interface, address), "")
        return content_id(hmac.digest(self._agent.fleet_key.encode(), f"{address} {hardware}".encode(), "sha256"))

    def _kind(self, interface: str) -> Interface:
        if interface.startswith("ww"):  # systemd's predictable names: ww for WWAN, wl for WLAN
            return "cellular"
        if self._read(f"/sys/class/net/{interface}/uevent").find("DEVTYPE=wlan") >= 0:
            return "wireless"
        ethernet = self._read(f"/sys/class/net/{interface}/type").strip() == "1"  # ARPHRD_ETHER
        return "wired" if ethernet and not interface.startswith(_VPN) else "other"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _routes(text: str) -> list[_Row]:
    rows = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) >= 8:
            rows.append(_Row(words[0], _host_order(words[1]), _host_order(words[2]), int(words[6]), _host_order(words[7])))
    return rows


def _host_order(word: str) -> int:
    """Return an address of /proc/net/route, which is printed as the machine's own little-endian word."""
    return int.from_bytes(bytes.fromhex(word.zfill(8))[::-1])


def _neighbours(text: str) -> Mapping[tuple[str, str], str]:
    words = (line.split() for line in text.splitlines()[1:])
    return {(row[5], row[0]): row[3] for row in words if len(row) >= 6 and row[3] != _NO_MAC}


def _prefix(way: _Row, rows: list[_Row]) -> str | None:
    """Return the prefix of the interface's own network: the one its gateway is in."""
    for row in rows:
        if row.interface == way.interface and row.gateway == 0 and row.mask and way.gateway & row.mask == row.destination:
            return str(ipaddress.ip_network((row.destination, row.mask.bit_count())))
    return None
