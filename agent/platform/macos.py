"""macOS: what `scutil` and `ifconfig` print. NOT RUN on macOS where this was written: see `docs/platforms.md`.

Parsers are pure; the programs are started by `agent/platform/machine.py`.
"""

import re
from collections.abc import Mapping

from agent.platform.environment import environment_proxies, way_of
from agent.platform.machine import Machine
from agent.platform.port import ProxySettings

_SCUTIL = "/usr/sbin/scutil"
_IFCONFIG = "/sbin/ifconfig"
_PAIR = re.compile(r"^  (\w+) : (?!<)(.*)$", re.MULTILINE)
_EXCEPTIONS = re.compile(r"^  ExceptionsList : <array> \{\n(.*?)^  \}", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"^    \d+ : (.+)$", re.MULTILINE)
_SEARCH = re.compile(r"^  search domain\[\d+\] : (\S+)", re.MULTILINE)
_INET = re.compile(r"^\s+inet6? ([0-9A-Fa-f:.]+)(%\w+)?", re.MULTILINE)
_SHORT_NETWORK = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,2})/(\d{1,2})")


class MacOs:
    """`agent.platform.port.Platform` for macOS."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the environment's settings if it has any, and those of the network service in use, which user and services share."""
        user = proxy_settings(await self._machine.tell(_SCUTIL, "--proxy"))
        environment = environment_proxies(self._machine.environment)
        return (environment, user) if environment else (user,)

    async def search_domains(self) -> tuple[str, ...]:
        """Return the search list of the first resolver."""
        return search_domains(await self._machine.tell(_SCUTIL, "--dns"))

    async def addresses(self, interface: str) -> tuple[str, ...]:
        """Return the addresses of an interface, those valid on its link only left out."""
        return addresses(await self._machine.tell(_IFCONFIG, interface)) if re.fullmatch(r"[a-z][a-z0-9]{0,14}", interface) else ()


def proxy_settings(text: str) -> ProxySettings:
    """Return what `scutil --proxy` prints as settings."""
    told = dict(_PAIR.findall(text))
    listed = _EXCEPTIONS.search(text)
    rules = [_rule(item) for item in _ITEM.findall(listed[1])] if listed else []
    if told.get("ExcludeSimpleHostnames") == "1":
        rules.append("<local>")
    return ProxySettings(
        "user",
        auto_detect=told.get("ProxyAutoDiscoveryEnable") == "1",
        pac_url=told.get("ProxyAutoConfigURLString", "").strip() if told.get("ProxyAutoConfigEnable") == "1" else "",
        proxies=_proxies(told),
        bypass=tuple(rules),
    )


def _proxies(told: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for scheme, key, kind in (("http", "HTTP", "http"), ("https", "HTTPS", "http"), ("all", "SOCKS", "socks")):
        host, port = told.get(f"{key}Proxy", "").strip(), told.get(f"{key}Port", "").strip()
        if told.get(f"{key}Enable") == "1" and host:
            found[scheme] = way_of(f"{host}:{port}" if port else host, kind)
    return {scheme: way for scheme, way in found.items() if way}


def _rule(item: str) -> str:
    """Return one exception as a bypass rule: `169.254/16` is macOS' short form of a network."""
    item = item.strip().lower()
    short = _SHORT_NETWORK.fullmatch(item)
    return f"{short[1]}{'.0' * (3 - short[1].count('.'))}/{short[2]}" if short else item


def search_domains(text: str) -> tuple[str, ...]:
    """Return the search domains of the first resolver in what `scutil --dns` prints."""
    first = text.split("resolver #2", 1)[0]
    return tuple(word.strip(".").lower() for word in _SEARCH.findall(first))


def addresses(text: str) -> tuple[str, ...]:
    """Return the addresses in what `ifconfig NAME` prints; those with a zone (`%en0`) reach their own link only."""
    return tuple(address for address, zone in _INET.findall(text) if not zone)
