"""Linux: what the kernel's tables and files say. No program is started, nothing is sent.

Proxy settings are the environment's alone: what desktops keep for themselves (GNOME, KDE) is not read.
"""

import asyncio
import ipaddress
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agent.platform.environment import environment_proxies
from agent.platform.machine import Machine
from agent.platform.port import LINK_KINDS, Adapter, AdapterKind, LinkKind, LinkSeen, MarkKind, ProxySettings
from agent.platform.resolv_conf import nameservers, search_domains

_SIOCGIFADDR = 0x8915  # linux/sockios.h
_IFREQ = struct.Struct("@16s16s")  # struct ifreq: name, then a sockaddr_in whose address is at bytes 4 to 8
_MAX_NAME = 15  # IFNAMSIZ less the final zero
_CLASS = "/sys/class/net"
_TOLD = ("type", "operstate", "uevent", "tun_flags", "device/uevent")
_ETHERNET, _LOOPBACK = "1", "772"
_TUNNELS = {"512": "ppp", "768": "ipip", "769": "ip6tnl", "776": "sit", "778": "gre", "823": "ip6gre"}
"""ARPHRD numbers of linux/if_arp.h."""
_TUNNEL_NAMES = ("tun", "tap", "wg", "ppp", "utun", "ipsec", "tailscale", "zt", "vpn", "nordlynx", "gpd", "cscotun")
"""Names the commonest clients give their interfaces, where the kernel's own words say nothing."""
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, FreeBSD
)
"""Where distributions keep the bundle, after OpenSSL's own default path (Go's crypto/x509 looks in the same places)."""
_NO_MAC = "00:00:00:00:00:00"
_IFF_TAP = 0x2  # linux/if_tun.h


@dataclass(frozen=True, slots=True)
class Row:
    """One line of /proc/net/route: addresses as integers in host order."""

    interface: str
    destination: int
    gateway: int
    metric: int
    mask: int


class Linux:
    """`agent.platform.port.Platform` for Linux."""

    system: Final = "linux"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the environment's settings."""
        return (environment_proxies(self._machine.environment) or ProxySettings("environment"),)

    async def link(self) -> LinkSeen:
        """Return the best default route of /proc/net/route, its interface's kind, and the gateway's row in /proc/net/arp."""
        rows = routes(self._machine.read("/proc/net/route"))
        ways = [row for row in rows if row.destination == row.mask == 0]
        if not ways:
            return LinkSeen()
        way = min(ways, key=lambda row: row.metric)
        gateway = str(ipaddress.ip_address(way.gateway))
        return LinkSeen(
            gateway,
            neighbours(self._machine.read("/proc/net/arp")).get((way.interface, gateway), ""),
            way.interface,
            self._link_kind(way.interface),
            _prefix(way, rows),
            vpn=any(row.interface.startswith(_TUNNEL_NAMES) for row in rows),
        )

    def _link_kind(self, interface: str) -> LinkKind:
        kind, _ = adapter_kind(interface, {one: self._machine.read(f"{_CLASS}/{interface}/{one}").strip() for one in _TOLD})
        return "wired" if kind == "virtual" else LINK_KINDS.get(kind, "other")  # a virtual machine's or container's cable

    async def search_domains(self) -> tuple[str, ...]:
        """Return `search` or `domain` of resolv.conf, the last line of either (resolv.conf(5))."""
        return search_domains(self._machine.read("/etc/resolv.conf"))

    async def resolvers(self) -> tuple[str, ...]:
        """Return the name servers of resolv.conf, read anew each time: a laptop moves."""
        return nameservers(self._machine.read("/etc/resolv.conf"))

    async def addresses(self, interface: str) -> tuple[str, ...]:
        """Return the IPv4 address the kernel has for the interface, and its global IPv6 addresses."""
        first = _ipv4_address(interface)
        return ((first,) if first else ()) + ipv6_addresses(self._machine.read("/proc/net/if_inet6"), interface)

    async def adapters(self) -> tuple[Adapter, ...]:
        """Return what is in /sys/class/net and up; a tunnel's state is unknown to the kernel and counts as up."""
        found = []
        for name in sorted(self._machine.names(_CLASS)):
            told = {one: self._machine.read(f"{_CLASS}/{name}/{one}").strip() for one in _TOLD}
            if told["type"] != _LOOPBACK and told["operstate"] in {"up", "unknown"}:
                kind, driver = adapter_kind(name, told)
                found.append(Adapter(name, kind, driver, await self.addresses(name)))
        return tuple(found)

    async def running(self) -> Mapping[MarkKind, frozenset[str]]:
        """Return the names of processes (15 characters, the kernel's `comm`) and of kernel modules. Arguments are not read."""
        processes, drivers = await asyncio.to_thread(self._running)  # 300 small files: 10 ms the loop can use better
        return {"process": processes, "driver": drivers}

    def _running(self) -> tuple[frozenset[str], frozenset[str]]:
        numbers = [name for name in self._machine.names("/proc") if name.isdigit()]
        processes = frozenset(self._machine.read(f"/proc/{number}/comm").strip() for number in numbers) - {""}
        return processes, frozenset(line.split()[0] for line in self._machine.read("/proc/modules").splitlines() if line)

    async def roots_pem(self) -> str:
        """Return nothing: the child reads the bundle."""
        return ""


def adapter_kind(name: str, told: Mapping[str, str]) -> tuple[AdapterKind, str]:
    """Return kind and driver of an interface from what its files below /sys/class/net say."""
    words = dict(line.partition("=")[::2] for line in f"{told['uevent']}\n{told['device/uevent']}".splitlines())
    device, driver = words.get("DEVTYPE", ""), words.get("DRIVER", "")
    if device in {"wlan", "wwan"} or name.startswith("ww"):  # systemd's predictable names: ww for WWAN
        return ("wireless" if device == "wlan" else "cellular"), driver
    if told["tun_flags"]:
        return "tunnel", "tap" if int(told["tun_flags"], 16) & _IFF_TAP else "tun"
    if device == "wireguard" or told["type"] in _TUNNELS or name.startswith(_TUNNEL_NAMES):
        return "tunnel", device or _TUNNELS.get(told["type"], name.rstrip("0123456789-"))
    if told["type"] != _ETHERNET:
        return "other", driver
    return ("wired" if told["device/uevent"] else "virtual"), driver or device


def routes(text: str) -> list[Row]:
    """Return the rows of /proc/net/route: interface, destination, gateway, flags, two counters, metric, mask."""
    words = (line.split() for line in text.splitlines()[1:])
    return [Row(row[0], _host_order(row[1]), _host_order(row[2]), int(row[6]), _host_order(row[7])) for row in words if len(row) >= 8]


def _host_order(word: str) -> int:
    """Return an address of /proc/net/route, which is printed as the machine's own little-endian word."""
    return int.from_bytes(bytes.fromhex(word.zfill(8))[::-1])


def neighbours(text: str) -> Mapping[tuple[str, str], str]:
    """Return hardware address by interface and address from /proc/net/arp; an entry without an answer is none."""
    words = (line.split() for line in text.splitlines()[1:])
    return {(row[5], row[0]): row[3] for row in words if len(row) >= 6 and row[3] != _NO_MAC}


def _prefix(way: Row, rows: list[Row]) -> str:
    """Return the prefix of the interface's own network: the one its gateway is in."""
    for row in rows:
        if row.interface == way.interface and row.gateway == 0 and row.mask and way.gateway & row.mask == row.destination:
            return str(ipaddress.ip_network((row.destination, row.mask.bit_count())))
    return ""


def ipv6_addresses(text: str, interface: str) -> tuple[str, ...]:
    """Return an interface's addresses of global scope from /proc/net/if_inet6: address, index, prefix, scope, flags, name."""
    rows = [line.split() for line in text.splitlines()]
    return tuple(
        str(ipaddress.IPv6Address(int(row[0], 16))) for row in rows if len(row) == 6 and row[5] == interface and int(row[3], 16) == 0
    )


def _ipv4_address(interface: str) -> str:
    """Ask the kernel for an interface's address; the socket is only the question's envelope, it sends nothing."""
    import fcntl  # noqa: PLC0415 - not there on Windows, where this file is imported too

    name = interface.encode()
    if not name or len(name) > _MAX_NAME or b"\0" in name:
        return ""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            told = fcntl.ioctl(sock.fileno(), _SIOCGIFADDR, _IFREQ.pack(name, b""))
    except OSError:
        return ""
    return socket.inet_ntoa(told[20:24])
