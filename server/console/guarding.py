"""What keeps strangers' pages out of ours: no script but our own, no other host's name, no form of another origin. Rules only.

The page has no sign-in. A page in the same browser could still reach it, by a name that resolves to this machine (DNS rebinding) or by
a form: so the Host must be ours, and what changes something must come from our own page or from a program.
"""

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser sends `Origin: null` with our own forms (Fetch, 3.1)
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def is_local(host: str) -> bool:
    """Return whether a host to listen on is this machine only."""
    return host.strip("[]") in LOOPBACK


def is_our_host(header: str, listens: str) -> bool:
    """Return whether a Host header names this machine, or what we were told to listen on.

    Told to listen on all addresses, any address will do: a page elsewhere can make a *name* lead here, never an address.
    """
    try:
        host = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return False
    own = listens.strip("[]")
    return host in LOOPBACK or (host == own and own != "") or (_is_any(own) and _is_address(host))


def is_same_origin(request: web.Request) -> bool:
    """Return whether what asks to change something is our own page, or no page at all (a program sends neither header)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin in {f"http://{request.host}", f"https://{request.host}"}


def _is_any(host: str) -> bool:
    return host in {"0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
