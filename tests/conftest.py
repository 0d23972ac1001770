"""Loads the fixtures that more than one folder of tests uses, and lets no test speak to anything but this machine.

Fixtures themselves live beside what they are about. As root, scripts/test runs all of this in a network namespace with loopback only; the
guard below holds in every other case too, for what runs in this process.
"""

import ipaddress
import os
import signal
import socket
import sys
from typing import Any

from hypothesis import settings

pytest_plugins = ["tests.servers.fixtures"]

_SENDING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_DOCUMENTATION = ipaddress.ip_network("2001:db8::/32")
"""The agent learns whether there is a route to IPv6 by connecting a UDP socket there (RFC 3849), which sends nothing."""
_SENDS_NOTHING = {"0.0.0.0", "::", "255.255.255.255"}  # noqa: S104 - compared, not bound
"""Unspecified is this machine; a TCP connect to the broadcast address fails before anything is sent."""
_DISCARD = 9
"""The agent asks the kernel for its way to a prefix by connecting a UDP socket to this port (`agent/network/ways.py`); it sends nothing."""


def _stays_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to connect or send anywhere but to loopback: no test sends a packet out of this machine."""
    if event not in _SENDING or not isinstance(arguments[1], tuple):
        return
    if event == "socket.connect" and arguments[0].type == socket.SOCK_DGRAM and arguments[1][1] == _DISCARD:
        return
    host = str(arguments[1][0]).partition("%")[0]
    if host in {"", "localhost"}:
        return
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise RuntimeError(f"a test asked for {host!r} by name: names in tests are the fixture's") from None
    if not address.is_loopback and address not in _DOCUMENTATION and str(address) not in _SENDS_NOTHING:
        raise RuntimeError(f"a test tried to reach {host}: tests stay on loopback")


sys.addaudithook(_stays_here)
settings.register_profile("ci", derandomize=True)
"""CI says the same of the same commit; new examples are sought where people work, and what they find is kept as an `@example`."""
if os.environ.get("CI"):
    settings.load_profile("ci")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started with `&` by a script: programs under test would inherit it, deaf to Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
