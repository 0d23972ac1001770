"""What the agent asks of an operating system, and the plain values it answers with. Types only; no system is touched here.

Every method answers for this moment, never raises for the system's sake (what cannot be read is empty), and needs no administrator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

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


class Platform(Protocol):
    """One operating system."""

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the settings that programs of this account follow, then those of other scopes that can be seen."""
        ...

    async def search_domains(self) -> tuple[str, ...]:
        """Return the domains a short name is completed with: where WPAD looks."""
        ...

    async def addresses(self, interface: str) -> tuple[str, ...]:
        """Return the addresses of the interface of this name; none when there is no such interface."""
        ...
