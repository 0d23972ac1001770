"""What the network is told from outside: resolvers, time limits, which clock, the laboratory's map. Plain data, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

STAGE_S = 10.0
"""The plan's default `stage_timeout_ms` (wire.plan.ProbeSettings): a person has given up on a page by then."""
LOOKUP_S = 5.0
"""What the resolver library of Linux waits for one answer (RES_TIMEOUT in resolv.h)."""
IDLE_S = 60.0
"""The plan's default `idle_s`: firewalls that forget silent connections do so from a minute on, many proxies earlier."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Time limit of each stage, in seconds."""

    dns_s: float = LOOKUP_S
    connect_s: float = STAGE_S
    proxy_s: float = STAGE_S
    tls_s: float = STAGE_S
    first_byte_s: float = STAGE_S
    body_s: float = STAGE_S

    @classmethod
    def every(cls, seconds: float) -> "Timeouts":
        """Return the same limit for every stage: a plan's `stage_timeout_ms`."""
        return cls(min(seconds, LOOKUP_S), seconds, seconds, seconds, seconds, seconds)


@dataclass(frozen=True, slots=True)
class Asked:
    """One name whose answer tells the asker's address (`wire.plan.Whoami`). `server` is asked directly; empty: through the resolver."""

    name: str
    record: str = "TXT"
    fresh: bool = False
    server: str = ""


@dataclass(frozen=True, slots=True)
class NameSettings:
    """What is asked of DNS besides names to connect to (`wire.plan.DnsSettings`); `nobody` is empty where it must not be tried."""

    nobody: str = ""
    identity: bool = False
    whoami: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class PathSettings:
    """What a trace asks besides the target: `wire.plan.PathSettings`, with None and empty for what is not to be tried."""

    control_port: int | None = None
    unroutable: str = ""
    origin_zone: str = ""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """How an agent reaches the network.

    `resolvers` are `address:port` (IPv6 in brackets); none means the machine's own. `connect` is the laboratory's map from `host:port`
    or `address:port` to the `address:port` a socket really goes to; it is applied after the address facts are taken. `clock` is
    `auto` (kernel stamps where there are any), or one of the two by name. `ipv6` says whether AAAA is asked; None asks the routing table.
    `logins` are `user:password` by the proxy's `host:port`: whoever names a proxy in a plan or a PAC file gets no other proxy's password.
    `idle_s` is how long an upgraded WebSocket is left in silence.
    """

    resolvers: tuple[str, ...] = ()
    connect: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)
    clock: Literal["auto", "kernel", "loop"] = "auto"
    ipv6: bool | None = None
    logins: Mapping[str, str] = field(default_factory=dict, repr=False)
    idle_s: float = IDLE_S
    names: NameSettings = NameSettings()
    path: PathSettings = PathSettings()
    ntp: str = ""
    """A time server's name; empty: not asked."""
    download: tuple[str, int, str, int] | None = None
    """Host, port, path of the file that is read for throughput, and how many bytes of it at most."""
