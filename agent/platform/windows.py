"""Windows: what `reg` and `netsh` print. NOT RUN on Windows where this was written: see `docs/platforms.md`.

Registry names and the two binary values are those of WinINET (the programs of a user) and WinHTTP (services). `reg` prints the same in
every language, `ipconfig` does not. Parsers are pure; the programs are started by `agent/platform/machine.py`.
"""

import contextlib
import importlib
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from agent.platform.environment import environment_proxies, way_of
from agent.platform.machine import Machine
from agent.platform.port import LINK_KINDS, Adapter, AdapterKind, LinkSeen, MarkKind, ProxySettings
from wire.vocabulary import Trust

_REG = r"C:\Windows\System32\reg.exe"
_NETSH = r"C:\Windows\System32\netsh.exe"
_TASKLIST = r"C:\Windows\System32\tasklist.exe"
_ROUTE = r"C:\Windows\System32\route.exe"
_ARP = r"C:\Windows\System32\arp.exe"
_SC = r"C:\Windows\System32\sc.exe"
_POWERSHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
ADAPTERS = (
    "$a = @(Get-NetAdapter -IncludeHidden | Where-Object Status -eq Up | "
    "Select-Object ifIndex,Name,InterfaceDescription,InterfaceType,DriverFileName,ConnectorPresent); "
    "$i = @(Get-NetIPAddress | Select-Object InterfaceIndex,InterfaceAlias,IPAddress); "
    "@{a=$a;i=$i} | ConvertTo-Json -Compress -Depth 3"
)
"""Names and numbers only: what these cmdlets give as objects is the same in every language, what `ipconfig` prints is not."""
_INTERNET = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
_TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
_ROW = re.compile(r"^    (\S.*?)    (REG_[A-Z_]+)    ?(.*?)\s*$", re.MULTILINE)
_SERVICES = frozenset({"SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE"})
_MANUAL, _PAC, _DETECT = 0x02, 0x04, 0x08
"""Flags at byte 8 of DefaultConnectionSettings; in WinHttpSettings only the first is used."""
_TUNNEL_DRIVERS = ("wintun", "wireguard", "tap0901", "tapwindows", "ovpn-dco")
"""Files of the free drivers most clients bring (WireGuard, OpenVPN)."""
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_ADDRESS = re.compile(r"^\S.*\s((?:\d{1,3}\.){3}\d{1,3})\s*$", re.MULTILINE)


VERIFIER = "truststore._windows"
TRUST_CODES: dict[int, Trust] = {
    0x800B0109: "no_root",  # CERT_E_UNTRUSTEDROOT
    0x800B010A: "incomplete",  # CERT_E_CHAINING
    0x800B0101: "expired",  # CERT_E_EXPIRED, also for not yet valid
    0x800B010F: "name",  # CERT_E_CN_NO_MATCH
}
"""Error codes of winerror.h."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What one of the two binary values says."""

    flags: int = 0
    proxy: str = ""
    bypass: str = ""
    pac_url: str = ""


class Row(NamedTuple):
    """One active route. `own` is the interface's own address; `gateway` is empty for what is on the link itself."""

    network: ipaddress.IPv4Network
    gateway: str
    own: str
    metric: int


class Windows:
    """`agent.platform.port.Platform` for Windows."""

    system: Final = "windows"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._known: tuple[frozenset[str], tuple[Adapter, ...]] = (frozenset(), ())

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

    async def link(self) -> LinkSeen:
        """Return the best default route by `route print`, and the gateway's row of `arp -a`.

        Adapters cost PowerShell half a second, so they are asked only when the addresses in the table have changed.
        """
        rows = routes(await self._machine.tell(_ROUTE, "print", "-4"))
        own = frozenset(row.own for row in rows)
        if own != self._known[0]:
            self._known = (own, await self.adapters())
        vpn = any(one.kind == "tunnel" for one in self._known[1])
        ways = [row for row in rows if row.network.prefixlen == 0 and row.gateway]
        if not ways:
            return LinkSeen(vpn=vpn)
        way = min(ways, key=lambda row: row.metric)
        holder = next((one for one in self._known[1] if way.own in one.addresses), None)
        hardware = neighbours(await self._machine.tell(_ARP, "-a")).get((way.own, way.gateway), "")
        return LinkSeen(
            way.gateway,
            hardware,
            holder.name if holder else "",
            LINK_KINDS.get(holder.kind, "other") if holder else "other",
            prefix(way, rows),
            vpn=vpn,
        )

    async def search_domains(self) -> tuple[str, ...]:
        """Return the configured search list, else the machine's domain, else the one DHCP gave."""
        return search_domains(registry(await self._machine.tell(_REG, "query", _TCPIP)))

    async def resolvers(self) -> tuple[str, ...]:
        """Return the name servers of the registry, as dnspython finds them."""
        try:
            # There on Windows only, and so without a type elsewhere.
            return tuple(importlib.import_module("dns.win32util").get_dns_info().nameservers)
        except (ImportError, AttributeError, OSError):
            return ()

    async def addresses(self, interface: str) -> tuple[str, ...]:
        """Return the IPv4 addresses of the interface of this name (`Ethernet`, `Wi-Fi`)."""
        if '"' in interface:
            return ()
        return tuple(
            _ADDRESS.findall(await self._machine.tell(_NETSH, "interface", "ipv4", "show", "ipaddresses", f"interface={interface}"))
        )

    async def adapters(self) -> tuple[Adapter, ...]:
        """Return the adapters that are up, as PowerShell tells them."""
        return adapters(await self._machine.tell(_POWERSHELL, "-NoProfile", "-NonInteractive", "-Command", ADAPTERS))

    async def running(self) -> Mapping[MarkKind, frozenset[str]]:
        """Return the names of programs, and of services and drivers that run."""
        return {
            "process": programs(await self._machine.tell(_TASKLIST, "/fo", "csv", "/nh")),
            "service": service_names(await self._machine.tell(_SC, "query", "type=", "service")),
            "driver": service_names(await self._machine.tell(_SC, "query", "type=", "driver")),
        }

    async def roots_pem(self) -> str:
        """Return nothing: the child reads the store."""
        return ""


def routes(text: str) -> list[Row]:
    """Return the active routes that `route print -4` prints. The word for "on link" is translated, its place and the numbers are not."""
    found = []
    for line in text.split("Persistent", maxsplit=1)[0].splitlines():
        words = line.split()
        if (
            len(words) >= 5
            and _IPV4.fullmatch(words[0])
            and _IPV4.fullmatch(words[1])
            and words[-1].isdecimal()
            and _IPV4.fullmatch(words[-2])
        ):
            gateway = words[2] if len(words) == 5 and _IPV4.fullmatch(words[2]) else ""
            with contextlib.suppress(ValueError):
                found.append(Row(ipaddress.IPv4Network(f"{words[0]}/{words[1]}"), gateway, words[-2], int(words[-1])))
    return found


def prefix(way: Row, rows: list[Row]) -> str:
    """Return the prefix of the interface's own network: the one its gateway is in."""
    gateway = ipaddress.ip_address(way.gateway)
    inside = [row.network for row in rows if row.own == way.own and not row.gateway and 0 < row.network.prefixlen < 32]
    return next((str(network) for network in inside if gateway in network), "")


def neighbours(text: str) -> dict[tuple[str, str], str]:
    """Return hardware address by own and other address from `arp -a`: under each interface's line its neighbours."""
    found, own = {}, ""
    for line in text.splitlines():
        words = line.split()
        addresses = [word for word in words if _IPV4.fullmatch(word)]
        if not line.startswith(" ") and addresses:
            own = addresses[0]
        elif len(words) >= 2 and addresses and words[0] == addresses[0]:
            found[own, words[0]] = words[1].replace("-", ":").lower()
    return found


def adapters(text: str) -> tuple[Adapter, ...]:
    """Return the adapters of what ADAPTERS prints. An address of no adapter belongs to a connection of Windows' own VPN (RAS)."""
    try:
        told = json.loads(text)
        rows, addresses = _objects(told, "a"), _objects(told, "i")
    except (ValueError, TypeError, AttributeError):
        return ()
    held: dict[object, list[str]] = {}
    for one in addresses:
        address = str(one.get("IPAddress", "")).partition("%")[0]
        if address and not address.startswith(("127.", "fe80:", "169.254.")) and address != "::1":
            held.setdefault(one.get("InterfaceIndex"), []).append(address)
    found = []
    for row in rows:
        kind, driver = adapter_kind(row)
        if kind != "loopback":
            name, label = str(row.get("Name", "")), str(row.get("InterfaceDescription", ""))
            found.append(Adapter(name, kind, driver, tuple(held.pop(row.get("ifIndex"), ())), label))
    aliases = {one.get("InterfaceIndex"): str(one.get("InterfaceAlias", "")) for one in addresses}
    found += [Adapter(aliases[index], "tunnel", "ras", tuple(own)) for index, own in held.items()]
    return tuple(found)


def adapter_kind(row: Mapping[str, Any]) -> tuple[AdapterKind | Literal["loopback"], str]:
    """Return kind and driver of an adapter by its interface type (numbers of IANA's ifType) and its driver's file."""
    driver = str(row.get("DriverFileName") or "").lower().removesuffix(".sys")[:32]
    number = row.get("InterfaceType")
    if driver.startswith(_TUNNEL_DRIVERS) or number in {23, 53, 131}:  # ppp, propVirtual (Wintun), tunnel
        return "tunnel", driver
    kinds: dict[object, AdapterKind | Literal["loopback"]] = {24: "loopback", 71: "wireless", 243: "cellular", 244: "cellular"}
    usual: AdapterKind = "virtual" if row.get("ConnectorPresent") is False else "wired"
    return kinds.get(number, usual if number == 6 else "other"), driver


def _objects(told: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return a list of objects; PowerShell writes a list of one as the one."""
    value = told.get(key) or []
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def programs(text: str) -> frozenset[str]:
    """Return the first column of `tasklist /fo csv /nh`: the program's file without its folder."""
    return frozenset(found[1] for line in text.splitlines() if (found := re.match(r'"([^"]+)",', line)))


def service_names(text: str) -> frozenset[str]:
    """Return the names in what `sc query` prints; the label is the same in every language."""
    return frozenset(re.findall(r"^SERVICE_NAME: (.+?)\s*$", text, re.MULTILINE))


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
