"""Proxy variables of the environment (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`), read alike on every system. Pure.

Lower case wins over upper case, as in curl. `HTTP_PROXY` in capitals is not believed where `REQUEST_METHOD` is set: there a web
client's `Proxy:` header makes it. User and password are left out: they come from the agent's own configuration only.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from agent.platform.port import ProxySettings

_KINDS = {"http": ("PROXY", 80), "https": ("HTTPS", 443), "socks": ("SOCKS", 1080), "socks4": ("SOCKS", 1080), "socks5": ("SOCKS", 1080)}
"""Scheme of a proxy's URL: the word a PAC file has for it, and the port where the URL has none (Chromium's proxy URI scheme)."""


def environment_proxies(environment: Mapping[str, str]) -> ProxySettings | None:
    """Return what the variables say, None when they name no proxy."""
    found = {scheme: way for scheme in ("http", "https", "all") if (way := way_of(_variable(environment, f"{scheme}_proxy")))}
    if not found:
        return None
    return ProxySettings("environment", proxies=found, bypass=tuple(_rules(_variable(environment, "no_proxy"))))


def way_of(url: str, scheme: str = "http") -> str:
    """Return `PROXY host:port` of a proxy's URL or `host:port`; empty for what is none. Where no scheme is written it is `scheme`."""
    url = url.strip()
    try:
        parts = urlsplit(url if "://" in url else f"{scheme}://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    word, usual = _KINDS.get(parts.scheme.lower().removesuffix("h"), ("", 0))  # socks5h: the proxy resolves
    if not word or not host:
        return ""
    return f"{word} [{host}]:{port or usual}" if ":" in host else f"{word} {host}:{port or usual}"


def _variable(environment: Mapping[str, str], name: str) -> str:
    low = environment.get(name, "").strip()
    if low or (name == "http_proxy" and "REQUEST_METHOD" in environment):
        return low
    return environment.get(name.upper(), "").strip()


def _rules(text: str) -> list[str]:
    """Return bypass rules: a name there means itself and all below it, with or without a leading dot."""
    rules = []
    for word in text.replace(",", " ").split():
        plain = word.lower().lstrip(".")
        if not plain or "/" in plain or plain == "*":
            rules.append(plain)
        elif word.startswith("*"):
            rules.append(word.lower())
        else:
            rules += [plain, f"*.{plain}"]
    return [rule for rule in rules if rule]
