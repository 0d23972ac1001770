"""`host:port` as text, taken apart and put together; and the laboratory's map from real places to loopback ones. Pure."""

import ipaddress
from collections.abc import Mapping


def is_address(host: str) -> bool:
    """Return whether `host` is an IPv4 or IPv6 address (a scope such as `%eth0` allowed) and not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def joined(host: str, port: int) -> str:
    """Return `host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split(place: str, setting: str) -> tuple[str, int]:
    """Return host and port of `host:port`. Raises ValueError naming the setting."""
    host, colon, port = place.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or not port.isdecimal() or not 0 < int(port) < 65_536 or (":" in bare and bare == host):
        raise ValueError(f"{setting}: '{place}' is not host:port; write for example 192.0.2.1:53 or [2001:db8::1]:53")
    return bare, int(port)


def split_address(place: str, setting: str) -> tuple[str, int]:
    """Return address and port of `address:port`. Raises ValueError naming the setting: a name would need a lookup of its own."""
    host, port = split(place, setting)
    if not is_address(host):
        raise ValueError(f"{setting}: '{host}' is a name; write its IP address")
    return host, port


def mapped(connect: Mapping[str, str], host: str, address: str, port: int, suffix: str = "") -> tuple[str, int]:
    """Return where a socket really goes: the laboratory's place for `host:port`, else for `address:port`, else the address itself.

    A datagram's `suffix` is `/udp`: a place named with it comes first; one named without it holds for both, so that nothing leaves
    a laboratory by an omission.
    """
    names = (joined(host, port), joined(address, port))
    place = next((connect[name + end] for end in dict.fromkeys((suffix, "")) for name in names if name + end in connect), None)
    return split(place, "lab.connect") if place else (address, port)
