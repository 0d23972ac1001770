"""Which hosts go past a proxy: one language of rules, into which every system's spelling is brought by its own file. Pure.

A rule is `*`, `<local>` (names without a dot), a network (`10.0.0.0/8`), an address, or a name with `*` and `?`; before it may stand a
scheme (`https://`), after it a port (`:8443`). A name means itself alone: what is below it is another rule (`*.contoso.com`).
"""

import ipaddress
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

_RULE = re.compile(r"(?:([a-z]+)://)?(\[[0-9a-f:.]+\]|[^/:]*|[0-9a-f]*:[0-9a-f:.]*)(/\d{1,3})?(?::(\d{1,5}))?")


def bypasses(rules: Iterable[str], scheme: str, host: str, port: int) -> bool:
    """Return whether one of the rules lets `scheme://host:port` past. This machine's own loopback always goes past."""
    host = host.lower().rstrip(".")
    address = _address(host)
    if host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback):
        return True
    return any(_matches(rule.lower(), scheme, host, address, port) for rule in rules)


def _matches(rule: str, scheme: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None, port: int) -> bool:
    if rule == "<local>":
        return address is None and "." not in host
    parts = _RULE.fullmatch(rule)
    if parts is None or (parts[1] and parts[1] != scheme) or (parts[4] and int(parts[4]) != port):
        return False
    pattern = parts[2][1:-1] if parts[2].startswith("[") and parts[2].endswith("]") else parts[2]
    if parts[3]:
        return address is not None and _within(address, pattern + parts[3])
    own = _address(pattern)
    if own is not None:
        return own == address
    return bool(pattern) and fnmatchcase(host, pattern.replace("[", "[[]"))


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
