"""By which of this machine's addresses packets to a prefix would leave, asked of the kernel. Nothing is sent.

Connecting a UDP socket makes the kernel choose route and source address and no more; it follows policy routing, scoped routes and
tunnels on every system, where reading routing tables would not.
"""

import ipaddress
import socket
from collections.abc import Iterable, Mapping

_PORT = 9
"""Discard (RFC 863): nothing is ever sent there, and a test's guard can tell this question from a connection."""
DOCUMENTATION = {4: "198.51.100.1", 6: "2001:db8::1"}
"""What no route but the default one leads to (RFC 5737, RFC 3849)."""


def source_of(destination: str) -> str:
    """Return the address packets to `destination` would leave by; empty when there is no way there."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((destination, _PORT))
            return str(sock.getsockname()[0]).partition("%")[0]
    except OSError:
        return ""


def default_source() -> str:
    """Return the address the default route leaves by, IPv4 before IPv6; empty when this machine is offline."""
    return source_of(DOCUMENTATION[4]) or source_of(DOCUMENTATION[6])


def default_sources() -> tuple[str, ...]:
    """Return the addresses the default routes leave by, IPv4 before IPv6, none when this machine is offline."""
    return tuple(source for place in DOCUMENTATION.values() if (source := source_of(place)))


def sources(prefixes: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return for each prefix the addresses its own addresses would leave by, none where there is no way; what is no prefix is left out.

    Fifty prefixes take about 2 ms.
    """
    found = {}
    for prefix in prefixes:
        try:
            network = ipaddress.ip_network(prefix)
        except ValueError:
            continue
        size = network.num_addresses
        inside = dict.fromkeys(str(network[place]) for place in (0, size // 2, size - 1))  # a tunnel that takes half of it is seen
        found[prefix] = tuple(sorted({source for one in inside if (source := source_of(one))}))
    return found
