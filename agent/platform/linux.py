"""Linux: what the kernel's tables and files say. No program is started, nothing is sent.

Proxy settings are the environment's alone: what desktops keep for themselves (GNOME, KDE) is not read.
"""

import ipaddress
import socket
import struct

from agent.platform.environment import environment_proxies
from agent.platform.machine import Machine
from agent.platform.port import ProxySettings

_SIOCGIFADDR = 0x8915  # linux/sockios.h
_IFREQ = struct.Struct("@16s16s")  # struct ifreq: name, then a sockaddr_in whose address is at bytes 4 to 8
_MAX_NAME = 15  # IFNAMSIZ less the final zero


class Linux:
    """`agent.platform.port.Platform` for Linux."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the environment's settings."""
        return (environment_proxies(self._machine.environment) or ProxySettings("environment"),)

    async def search_domains(self) -> tuple[str, ...]:
        """Return `search` or `domain` of resolv.conf, the last line of either (resolv.conf(5))."""
        return search_domains(self._machine.read("/etc/resolv.conf"))

    async def addresses(self, interface: str) -> tuple[str, ...]:
        """Return the IPv4 address the kernel has for the interface, and its global IPv6 addresses."""
        first = _ipv4_address(interface)
        return ((first,) if first else ()) + ipv6_addresses(self._machine.read("/proc/net/if_inet6"), interface)


def search_domains(text: str) -> tuple[str, ...]:
    """Return the search list of a resolv.conf."""
    found: tuple[str, ...] = ()
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] in {"search", "domain"}:
            found = tuple(word.strip(".").lower() for word in words[1:])
    return found


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
