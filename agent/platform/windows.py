"""Windows: what `reg` and `netsh` print. NOT RUN on Windows where this was written: see `docs/platforms.md`.

Registry names and the two binary values are those of WinINET (the programs of a user) and WinHTTP (services). `reg` prints the same in
every language, `ipconfig` does not. Parsers are pure; the programs are started by `agent/platform/machine.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.platform.environment import environment_proxies, way_of
from agent.platform.machine import Machine
from agent.platform.port import ProxySettings

_REG = r"C:\Windows\System32\reg.exe"
_NETSH = r"C:\Windows\System32\netsh.exe"
_INTERNET = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
_TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
_ROW = re.compile(r"^    (\S.*?)    (REG_[A-Z_]+)    ?(.*?)\s*$", re.MULTILINE)
_SERVICES = frozenset({"SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE"})
_MANUAL, _PAC, _DETECT = 0x02, 0x04, 0x08
"""Flags at byte 8 of DefaultConnectionSettings; in WinHttpSettings only the first is used."""
_ADDRESS = re.compile(r"^\S.*\s((?:\d{1,3}\.){3}\d{1,3})\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Connection:
    """What one of the two binary values says."""

    flags: int = 0
    proxy: str = ""
    bypass: str = ""
    pac_url: str = ""


class Windows:
    """`agent.platform.port.Platform` for Windows."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the environment's settings if it has any, then this account's (WinINET) and the services' (WinHTTP).

        A service account follows WinHTTP, so for one the services' come before its own.
        """
        policy = registry(await self._machine.tell(_REG, "query", _POLICY))
        hive = "HKLM" if policy.get("ProxySettingsPerUser") == "0x0" else "HKCU"
        plain = registry(await self._machine.tell(_REG, "query", rf"{hive}\{_INTERNET}"))
        own = registry(await self._machine.tell(_REG, "query", rf"{hive}\{_INTERNET}\Connections"))
        machine = own if hive == "HKLM" else registry(await self._machine.tell(_REG, "query", rf"HKLM\{_INTERNET}\Connections"))
        user = user_settings(plain, connection(own.get("DefaultConnectionSettings", "")))
        service = service_settings(connection(machine.get("WinHttpSettings", "")))
        account = self._machine.environment.get("USERNAME", "")
        both = (service, user) if account.endswith("$") or account.upper() in _SERVICES else (user, service)
        environment = environment_proxies(self._machine.environment)
        return (environment, *both) if environment else both

    async def search_domains(self) -> tuple[str, ...]:
        """Return the configured search list, else the machine's domain, else the one DHCP gave."""
        return search_domains(registry(await self._machine.tell(_REG, "query", _TCPIP)))

    async def addresses(self, interface: str) -> tuple[str, ...]:
        """Return the IPv4 addresses of the interface of this name (`Ethernet`, `Wi-Fi`)."""
        if '"' in interface:
            return ()
        return tuple(
            _ADDRESS.findall(await self._machine.tell(_NETSH, "interface", "ipv4", "show", "ipaddresses", f"interface={interface}"))
        )


def registry(text: str) -> dict[str, str]:
    """Return name to data of the values that `reg query KEY` prints; numbers as `0x1`, binary as hexadecimal digits."""
    return {name: data for name, _kind, data in _ROW.findall(text.replace("\r\n", "\n"))}


def connection(digits: str) -> Connection:
    """Read DefaultConnectionSettings or WinHttpSettings: version, counter, flags, then texts, each behind its length (little-endian)."""
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        return Connection()
    if len(data) < 12:
        return Connection()
    texts, at = [], 12
    for _ in range(3):
        size = int.from_bytes(data[at : at + 4], "little")
        text = data[at + 4 : at + 4 + size]
        if len(text) < size:
            break
        texts.append(text.decode("latin-1").strip("\0"))
        at += 4 + size
    texts += [""] * (3 - len(texts))
    return Connection(data[8], *texts)


def user_settings(plain: Mapping[str, str], own: Connection) -> ProxySettings:
    """Join the plain values with the binary one: policies set the former alone, the settings page both."""
    manual = plain.get("ProxyEnable") == "0x1" or bool(own.flags & _MANUAL)
    server = plain.get("ProxyServer", "") or own.proxy
    return ProxySettings(
        "user",
        auto_detect=bool(own.flags & _DETECT),
        pac_url=plain.get("AutoConfigURL", "") or (own.pac_url if own.flags & _PAC else ""),
        proxies=servers(server) if manual else {},
        bypass=rules(plain.get("ProxyOverride", "") or own.bypass) if manual else (),
    )


def service_settings(own: Connection) -> ProxySettings:
    """Return what `netsh winhttp` keeps: a proxy and its bypass list, never a PAC file."""
    manual = bool(own.flags & _MANUAL)
    return ProxySettings("service", proxies=servers(own.proxy) if manual else {}, bypass=rules(own.bypass) if manual else ())


def servers(text: str) -> dict[str, str]:
    """Return scheme to way of a ProxyServer value: one `host:port` for all, or `http=a:80;https=b:443;socks=c:1080`."""
    found: dict[str, str] = {}
    for part in re.split(r"[;\s]+", text.strip()):
        scheme, equals, place = part.partition("=")
        if not equals:
            found.setdefault("all", way_of(part))
        elif scheme.lower() in {"http", "https"}:
            found[scheme.lower()] = way_of(place)
        elif scheme.lower() == "socks":
            found.setdefault("all", way_of(place, "socks"))
    return {scheme: way for scheme, way in found.items() if way}


def rules(text: str) -> tuple[str, ...]:
    """Return the bypass rules of a ProxyOverride value: patterns and `<local>`, divided by semicolons or blanks."""
    return tuple(word.lower() for word in re.split(r"[;\s]+", text.strip()) if word and word != "<-loopback>")


def search_domains(values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the domains among the values of TCP/IP's key."""
    listed = re.split(r"[,\s]+", values.get("SearchList", "").strip())
    found = [word for word in listed if word] or [word for name in ("Domain", "NV Domain", "DhcpDomain") if (word := values.get(name, ""))]
    return tuple(dict.fromkeys(word.strip(".").lower() for word in found))
