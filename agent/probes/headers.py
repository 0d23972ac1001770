"""From a response's header fields to the stable few that matter, and to the code of the front door. Pure: text in, text out.

Facts must be the same while nothing changes, so request ids, hits and misses, and dates never get past this file. Which fields
speak of an intermediary: Squid, tinyproxy, Blue Coat, Zscaler, Netskope, Trend Micro, Citrix by their laboratories and documents;
which name Microsoft's front door: captured answers of 2022 to 2026.
"""

import re
from urllib.parse import urlsplit

from agent.network.net import Headers

AS_THEY_ARE = frozenset(
    {"server", "via", "alt-svc", "x-squid-error", "proxy-agent", "proxy-authenticate", "www-authenticate", "x-feefzinfo"}
)
CACHES = frozenset({"x-cache", "x-cache-lookup"})
VENDORS = ("x-bluecoat-", "x-zscaler-", "x-netskope-", "x-iwsaas-", "x-citrix-via", "x-mwg-", "x-sophos-", "x-websense")
MAX_VALUE = 512
"""The cap of `wire.facts.Headers`."""
MAX_FIELDS = 32

MAX_MS = 3_600_000.0
"""The cap of `wire.model.Milliseconds`."""

_DECIMAL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_SCORE = re.compile(r"[0-9]|10")
_ID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{20,}|[0-9A-Fa-f]{12,}|\d{6,}")
_LOOKUP = re.compile(r"\bfrom\s+\S+")
_FIRST_WORDS = re.compile(r"^\S+(?:\s+realm=\"[^\"]*\")?")
_EDGE = re.compile(r"Ref B:\s*([A-Za-z]+?)(?=\d|EDGE\d)")
_ENDPOINT = re.compile(r"DestinationEndpoint=([A-Za-z0-9-]{1,64})", re.IGNORECASE)


def stable(headers: Headers, prefix: str = "") -> dict[str, str]:
    """Return lower-case name to value of the fields that matter, without what varies; several of one name are joined by commas."""
    kept: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        held = _held(key, value)
        if held is None:
            continue
        key = (prefix + key)[:64]
        if key in kept:
            held = f"{kept[key]}, {held}"
        elif len(kept) == MAX_FIELDS:
            continue
        kept[key] = held[:MAX_VALUE]
    return kept


def _held(key: str, value: str) -> str | None:
    """Return the stable part of one field, or None when it does not matter."""
    if key in CACHES:
        # HIT and MISS change with every request; who the cache is does not.
        found = _LOOKUP.search(value)
        return found[0] if found else None
    if key == "location":
        return urlsplit(value).hostname if "//" in value[:8] and _splits(value) else None
    if key.endswith("-authenticate"):
        # Scheme and realm; a nonce or a Negotiate token would differ each time.
        found = _FIRST_WORDS.match(value)
        return found[0] if found else None
    if key in AS_THEY_ARE or key.startswith(VENDORS):
        return _ID.sub("*", value)
    return None


def sharepoint(headers: Headers) -> tuple[float | None, int | None]:
    """Return SharePoint's own work on the request in milliseconds (SPIisLatency) and its health score, 0 to 10 (MS-WSSHP); None without."""
    first = {name.lower(): value.strip() for name, value in reversed(headers)}
    server_ms, score = first.get("spiislatency", ""), first.get("x-sharepointhealthscore", "")
    return (
        min(float(server_ms), MAX_MS) if _DECIMAL.fullmatch(server_ms) else None,
        int(score) if _SCORE.fullmatch(score) else None,
    )


def _splits(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def front_door(headers: Headers) -> str | None:
    """Return the code of the front door that took the connection, as Microsoft writes it, or None.

    Exchange says it in X-FirstHopCafeEFZ, the edge in Ref B of X-MSEdge-Ref (letters before the digits or before EDGE), both also in
    the reporting address of NEL. Not all codes are IATA's: looking them up is the centre's.
    """
    first = {name.lower(): value for name, value in reversed(headers)}
    if code := first.get("x-firsthopcafeefz", "").strip():
        return code[:64]
    if found := _EDGE.search(first.get("x-msedge-ref", "")):
        return found[1]
    for name in ("report-to", "nel"):
        if found := _ENDPOINT.search(first.get(name, "")):
            return found[1]
    return None
