"""Brings a PAC file to this machine: from a web server by our own network, from disk, or by WPAD's name in DNS. It is not run here.

WPAD by DHCP (option 252) is not possible: asking needs port 68 and so an administrator, and systems do not tell what they learnt.
A file that comes over TLS counts only when this machine trusts the server: a PAC file decides where passwords go.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from agent.network.net import ALPN_HTTP1, Exchange, Fetched, Network
from agent.network.settings import Timeouts
from agent.pac.asking import MAX_SCRIPT_BYTES
from wire.target import DIRECT, Target

LIMITS = Timeouts.every(5.0)
"""Browsers give up on a PAC file after 30 s and people after less; a cycle must not wait longer than for one lost page."""
REDIRECTS = 3
MAX_DOMAINS = 3
"""More search domains than that are not asked for WPAD: each costs a lookup, and one that does not answer five seconds."""
MIME_OR_NOT = b"FindProxyForURL"
"""Content types are not looked at: servers send all sorts. What lacks this name is a web page, not a PAC file."""


class NoFileError(Exception):
    """There is no PAC file there; the text says why, and names nobody."""


async def pac_text(url: str, net: Network) -> str:
    """Return the text of the PAC file at an `http:`, `https:` or `file:` URL. Raises NoFileError."""
    data = _from_disk(url) if url.lower().startswith("file:") else await _from_server(url, net)
    if len(data) > MAX_SCRIPT_BYTES:
        raise NoFileError("too_large")
    if MIME_OR_NOT not in data:
        raise NoFileError("no_function")
    return data.decode("utf-8-sig", "replace")


async def wpad_text(domains: Sequence[str], net: Network) -> str:
    """Return the text of the first `http://wpad.<domain>/wpad.dat` there is. Raises NoFileError."""
    for domain in domains[:MAX_DOMAINS]:
        try:
            return await pac_text(f"http://wpad.{domain}/wpad.dat", net)
        except NoFileError:
            continue
    raise NoFileError("not_found" if domains else "no search domain")


async def _from_server(url: str, net: Network) -> bytes:
    for _ in range(1 + REDIRECTS):
        seen = await _answer(url, net)
        if seen.status in {301, 302, 303, 307, 308}:
            url = _moved(url, next((value for name, value in seen.headers if name.lower() == "location"), ""))
            continue
        if seen.status != 200:
            raise NoFileError(f"status {seen.status}")
        return seen.body
    raise NoFileError("too many redirects")


async def _answer(url: str, net: Network) -> Fetched:
    target = _target(url)
    found = await net.resolve(target.host, LIMITS.dns_s)
    if not found.answers:
        raise NoFileError(found.failure or "dns_no_data")
    exchange = Exchange(target, DIRECT, found.answers[0], alpn=ALPN_HTTP1, timeouts=LIMITS, kept_bytes=MAX_SCRIPT_BYTES + 1)
    seen = await net.fetch(exchange)
    if seen.failure is not None:
        raise NoFileError(seen.failure)
    if target.protocol == "https":
        trust = await net.check_chain(seen.chain, target.host)
        if trust is None or trust.os != "trusted":
            raise NoFileError(f"certificate {trust.os if trust else 'unchecked'}")
    return seen


def _moved(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise NoFileError("not a URL") from None


def _target(url: str) -> Target:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise NoFileError("not a URL") from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not host or len(host) > 253:
        raise NoFileError("not a URL")
    if parts.scheme == "https":
        return Target(host=host, port=port or 443, protocol="https", category="Control", workload="Control", path=path)
    if parts.scheme == "http":
        return Target(host=host, port=port or 80, protocol="http", category="Control", workload="Control", path=path)
    raise NoFileError("scheme is none of http, https, file")


def _from_disk(url: str) -> bytes:
    """Return the first bytes of `file:///path` (on Windows `file:///C:/path`)."""
    path = unquote(urlsplit(url).path)
    if len(path) > 2 and path[2] == ":":
        path = path[1:]
    try:
        place = Path(path)
        if not place.is_file():  # a device or a pipe would never end
            raise NoFileError("not_found")
        with place.open("rb") as file:
            return file.read(MAX_SCRIPT_BYTES + 1)
    except (OSError, ValueError):
        raise NoFileError("unreadable") from None
