"""macOS: what `scutil` and `ifconfig` print. NOT RUN on macOS where this was written: see `docs/platforms.md`.

Parsers are pure; the programs are started by `agent/platform/machine.py`.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from agent.platform.environment import environment_proxies, way_of
from agent.platform.machine import Machine
from agent.platform.port import LINK_KINDS, Adapter, AdapterKind, LinkSeen, MarkKind, ProxySettings
from agent.platform.resolv_conf import nameservers
from wire.vocabulary import Trust

_NETSTAT = "/usr/sbin/netstat"
_ARP = "/usr/sbin/arp"
_SCUTIL = "/usr/sbin/scutil"
_IFCONFIG = "/sbin/ifconfig"
_NETWORKSETUP = "/usr/sbin/networksetup"
_PS = "/bin/ps"
_LAUNCHCTL = "/bin/launchctl"
_SECURITY = "/usr/bin/security"
_ADDED_ROOTS = "/Library/Keychains/System.keychain"
"""Where administrators and device management put roots; Apple's own are in another keychain. A person's own keychain is not read."""
_PAIR = re.compile(r"^  (\w+) : (?!<)(.*)$", re.MULTILINE)
_EXCEPTIONS = re.compile(r"^  ExceptionsList : <array> \{\n(.*?)^  \}", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"^    \d+ : (.+)$", re.MULTILINE)
_SEARCH = re.compile(r"^  search domain\[\d+\] : (\S+)", re.MULTILINE)
_PORT = re.compile(r"^Hardware Port: (.+)\nDevice: (\S+)", re.MULTILINE)
_INTERFACE = re.compile(r"^(\w+): flags=[0-9a-f]+<([A-Z0-9_,]*)>[^\n]*\n((?:[\t ].*(?:\n|\Z))*)", re.MULTILINE)
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_NETMASK = re.compile(r"^\s+inet (\d+\.\d+\.\d+\.\d+) netmask 0x([0-9a-f]{8})", re.MULTILINE)
_HARDWARE = re.compile(r" at ((?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}) ")
_INET = re.compile(r"^\s+inet6? ([0-9A-Fa-f:.]+)(%\w+)?", re.MULTILINE)
_SHORT_NETWORK = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,2})/(\d{1,2})")


VERIFIER = "truststore._macos"
TRUST_CODES: dict[int, Trust] = {
    -67843 & 0xFFFF_FFFF: "no_root",  # errSecNotTrusted
    -25318 & 0xFFFF_FFFF: "incomplete",  # errSecCreateChainFailed
    -67818 & 0xFFFF_FFFF: "expired",  # errSecCertificateExpired
    -67819 & 0xFFFF_FFFF: "expired",  # errSecCertificateNotValidYet
    -67602 & 0xFFFF_FFFF: "name",  # errSecHostNameMismatch
}
"""Error codes of Apple's SecBase.h, without their sign."""


class MacOs:
    """`agent.platform.port.Platform` for macOS."""

    system: Final = "macos"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._ports: dict[str, str] = {}
        """Hardware port by interface: what a name means does not change while it is there."""

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the environment's settings if it has any, and those of the network service in use, which user and services share."""
        user = proxy_settings(await self._machine.tell(_SCUTIL, "--proxy"))
        environment = environment_proxies(self._machine.environment)
        return (environment, user) if environment else (user,)

    async def link(self) -> LinkSeen:
        """Return the default route by `netstat`, its interface by `ifconfig`, the gateway's hardware address by `arp`."""
        gateway, interface, vpn = default_route(await self._machine.tell(_NETSTAT, "-rn", "-f", "inet"))
        if not gateway:
            return LinkSeen(vpn=vpn)
        if interface not in self._ports:
            ports = _PORT.findall(await self._machine.tell(_NETWORKSETUP, "-listallhardwareports"))
            self._ports[interface] = {device: port for port, device in ports}.get(interface, "")
        kind, _ = adapter_kind(interface, self._ports[interface])
        network = prefix(await self._machine.tell(_IFCONFIG, interface), gateway)
        return LinkSeen(
            gateway, hardware(await self._machine.tell(_ARP, "-n", gateway)), interface, LINK_KINDS.get(kind, "other"), network, vpn=vpn
        )

    async def search_domains(self) -> tuple[str, ...]:
        """Return the search list of the first resolver."""
        return search_domains(await self._machine.tell(_SCUTIL, "--dns"))

    async def resolvers(self) -> tuple[str, ...]:
        """Return the name servers of /etc/resolv.conf, which macOS writes for the main resolver."""
        return nameservers(self._machine.read("/etc/resolv.conf"))

    async def addresses(self, interface: str) -> tuple[str, ...]:
        """Return the addresses of an interface, those valid on its link only left out."""
        return addresses(await self._machine.tell(_IFCONFIG, interface)) if re.fullmatch(r"[a-z][a-z0-9]{0,14}", interface) else ()

    async def adapters(self) -> tuple[Adapter, ...]:
        """Return the interfaces that are up and have an address, by `ifconfig` and the hardware ports' names."""
        return adapters(await self._machine.tell(_IFCONFIG), await self._machine.tell(_NETWORKSETUP, "-listallhardwareports"))

    async def running(self) -> Mapping[MarkKind, frozenset[str]]:
        """Return the programs' names without path, and the labels of this account's launchd jobs."""
        processes = frozenset(line.strip() for line in (await self._machine.tell(_PS, "-axco", "comm=")).splitlines()) - {""}
        return {"process": processes, "service": labels(await self._machine.tell(_LAUNCHCTL, "list"))}

    async def roots_pem(self) -> str:
        """Return the certificates of the system's keychain, in PEM."""
        return await self._machine.tell(_SECURITY, "find-certificate", "-a", "-p", _ADDED_ROOTS)


def adapters(text: str, ports: str) -> tuple[Adapter, ...]:
    """Return the adapters in what `ifconfig` and `networksetup -listallhardwareports` print; what has no address carries nothing."""
    hardware = {device: port for port, device in _PORT.findall(ports)}
    found = []
    for name, flags, body in _INTERFACE.findall(text):
        told = addresses(body)
        if told and "UP" in flags.split(",") and "LOOPBACK" not in flags.split(","):
            kind, driver = adapter_kind(name, hardware.get(name, ""))
            found.append(Adapter(name, kind, driver, told))
    return tuple(found)


def adapter_kind(name: str, port: str) -> tuple[AdapterKind, str]:
    """Return kind and driver of an interface by its name and its hardware port (names of Apple's drivers: utun, ipsec, ppp)."""
    driver = name.rstrip("0123456789")
    if driver in {"utun", "ipsec", "ppp", "gif", "stf"}:
        return "tunnel", driver
    if "Wi-Fi" in port or "AirPort" in port:
        return "wireless", driver
    if driver in {"bridge", "vmnet", "vmenet", "feth"}:
        return "virtual", driver
    if "iPhone" in port or "WWAN" in port:
        return "cellular", driver
    return ("wired" if driver == "en" else "other"), driver


def default_route(text: str) -> tuple[str, str, bool]:
    """Return gateway and interface of the first default route that `netstat -rn -f inet` prints, and whether a tunnel has a route."""
    rows = [words for line in text.splitlines() if len(words := line.split()) >= 4]
    vpn = any(words[3].startswith(("utun", "ipsec", "ppp")) for words in rows)
    for words in rows:
        if words[0] == "default" and _IPV4.fullmatch(words[1]):
            return words[1], words[3], vpn
    return "", "", vpn


def prefix(text: str, gateway: str) -> str:
    """Return the network in what `ifconfig NAME` prints that the gateway is in."""
    for address, mask in _NETMASK.findall(text):
        network = ipaddress.ip_network((address, int(mask, 16).bit_count()), strict=False)
        if ipaddress.ip_address(gateway) in network:
            return str(network)
    return ""


def hardware(text: str) -> str:
    """Return the hardware address in what `arp -n ADDRESS` prints, two digits a byte; none where there is no entry."""
    found = _HARDWARE.search(text)
    return ":".join(part.zfill(2) for part in found[1].lower().split(":")) if found else ""


def labels(text: str) -> frozenset[str]:
    """Return the labels of `launchctl list`: process, status, label, divided by tabs, under a heading."""
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return frozenset(row[2] for row in rows if len(row) == 3)


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
