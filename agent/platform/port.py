"""What the agent asks of an operating system, and the plain values it answers with. Types only; no system is touched here.

Every method answers for this moment, never raises for the system's sake (what cannot be read is empty), and needs no administrator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from wire.facts import AddedRoot, PacFacts

Scope = Literal["environment", "user", "service"]
"""Whose settings: variables of this process, the account's (WinINET, macOS), or those of services (WinHTTP)."""


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Proxy settings of one scope, in the order programs follow: detect, else the PAC file, else `proxies` but for `bypass`.

    `proxies`: `http`, `https` or `all` to a way as a PAC file writes it (`PROXY host:port`, `HTTPS host:port`, `SOCKS host:port`),
    never with a password. `bypass`: rules of `agent/network/bypass.py`, whatever the system's own spelling was.
    """

    scope: Scope
    auto_detect: bool = False
    pac_url: str = ""
    proxies: Mapping[str, str] = field(default_factory=dict)
    bypass: tuple[str, ...] = ()

    @property
    def speak(self) -> bool:
        """Return whether anything but a direct way is asked for."""
        return self.auto_detect or bool(self.pac_url) or bool(self.proxies)


AdapterKind = Literal["wired", "wireless", "cellular", "tunnel", "virtual", "other"]
"""`virtual`: a bridge or a virtual machine's end of a cable; `tunnel`: what carries packets inside others."""
MarkKind = Literal["process", "service", "driver", "adapter"]
"""What a local product shows itself by (`judge/knowledge/data/local.toml`)."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One network adapter in use, the loopback left out. `driver` is the system's word for what it is, such as `wireguard` or `tap`.

    `label` is its maker's name where the system has one. Names and addresses do not leave this machine.
    """

    name: str
    kind: AdapterKind
    driver: str = ""
    addresses: tuple[str, ...] = ()
    label: str = ""


LinkKind = Literal["wired", "wireless", "cellular", "other"]
LINK_KINDS: Mapping[AdapterKind, LinkKind] = {"wired": "wired", "wireless": "wireless", "cellular": "cellular"}
"""A link's kind by its adapter's; the others are none that matter to a place."""


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """The link the IPv4 default route leaves by. `hardware` is the gateway's hardware address, `network` the interface's own prefix.

    Gateway and hardware address leave this machine as a hash with the fleet's key only (`agent/context.py`). All empty: no default route.
    """

    gateway: str = ""
    hardware: str = ""
    interface: str = ""
    kind: LinkKind = "other"
    network: str = ""
    vpn: bool = False


@dataclass(frozen=True, slots=True)
class MachineSeen:
    """This machine at one moment, raw: `agent/probes/host.py` makes of it what may leave the machine.

    `default` is the address the default route leaves by, `sources` prefix to addresses its own leave by. `running` is what runs or is
    installed, by kind of mark. `roots` counts the store's roots. `proxies` as `Platform.proxies`.
    """

    system: str
    adapters: tuple[Adapter, ...] = ()
    default: str = ""
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    running: Mapping[MarkKind, frozenset[str]] = field(default_factory=dict)
    proxies: tuple[ProxySettings, ...] = ()
    roots: int | None = None
    added_roots: tuple[AddedRoot, ...] = ()
    pac: PacFacts | None = None
    error: str | None = None


class Platform(Protocol):
    """One operating system."""

    @property
    def system(self) -> str:
        """Return `linux`, `windows` or `macos`."""
        ...

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the settings that programs of this account follow, then those of other scopes that can be seen."""
        ...

    async def link(self) -> LinkSeen:
        """Return the link this machine is on. Asked every cycle, so it must be cheap."""
        ...

    async def search_domains(self) -> tuple[str, ...]:
        """Return the domains a short name is completed with: where WPAD looks."""
        ...

    async def resolvers(self) -> tuple[str, ...]:
        """Return the addresses of this machine's name servers, in their order. Asked for each lookup, so it must be cheap."""
        ...

    async def addresses(self, interface: str) -> tuple[str, ...]:
        """Return the addresses of the interface of this name; none when there is no such interface."""
        ...

    async def adapters(self) -> tuple[Adapter, ...]:
        """Return the adapters in use, each with its addresses; the loopback is left out."""
        ...

    async def running(self) -> Mapping[MarkKind, frozenset[str]]:
        """Return the names of what runs, as far as this account may see it, without paths and arguments."""
        ...

    async def roots_pem(self) -> str:
        """Return the roots people added, in PEM, where only a program of the system's can tell them; empty elsewhere."""
        ...
