"""What a probe sees of the network: one small protocol and plain results. No socket is touched here.

A network failure is a value (`failure`, `stage`, `error`) beside all that was seen before it; nothing here raises for the
network's sake. Times are milliseconds and None where the stage was not completed.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from agent.network.settings import Timeouts
from agent.network.way import DIRECT_WAY, Way, Ways, planned
from agent.platform.port import MachineSeen
from wire.facts import ChainTrust
from wire.target import Route, Target
from wire.vocabulary import Clock, Failure, Stage

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order and case of the wire."""

ChainCheck = Callable[[Sequence[bytes], str], Awaitable[ChainTrust]]
"""Verifies a captured chain (DER, leaf first, as sent) for a host name."""

MachineLook = Callable[[], Awaitable[MachineSeen]]
"""Looks at this machine itself: its adapters, its roots, what runs on it."""

KEPT_BODY_BYTES = 65_536
"""What is kept of a body: the reflector's answer is below 8 kB; nobody looks at others."""
AnswerCheck = Callable[[str, bytes, bytes, str], Awaitable[Literal["", "ok", "bad", "absent"]]]
"""Checks a reflector's signature: its host, what the answer says without what varies, its body, the signature in base64."""

ALPN_ANY = ("h2", "http/1.1")
ALPN_HTTP1 = ("http/1.1",)


@dataclass(frozen=True, slots=True)
class Resolution:
    """One name lookup. `answers` in the order received, IPv4 then IPv6; `resolver` is the address that answered, or was asked last."""

    clock: Clock
    answers: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    resolver: str = ""
    dns_ms: float | None = None
    failure: Failure | None = None
    stage: Stage | None = None
    error: str | None = None
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request on one fresh connection.

    `address` is where to connect: the target's own, or the proxy's on a proxied way (the proxy then resolves the target). `way` is by
    default what the route alone says. `sni` and the Host header are the target's name unless `sni` says otherwise. `path` defaults to the
    target's. `headers` follow Host, User-Agent and Accept in the order given. `timeouts` default to the network's. Of the body the first
    `kept_bytes` are kept. `enough`: where a body ends for us, in HTTP/1.1; None: at its end, and it must not be longer than a page is.
    """

    target: Target
    route: Route
    address: str
    sni: str | None = None
    path: str | None = None
    headers: Headers = ()
    alpn: tuple[str, ...] = ALPN_ANY
    timeouts: Timeouts | None = None
    way: Way | None = None
    kept_bytes: int = KEPT_BODY_BYTES
    enough: int | None = None

    @property
    def by(self) -> Way:
        """Return the way this exchange takes."""
        return self.way or planned(self.route)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of an exchange.

    `connect_ms` + `proxy_ms` + `tls_ms` + `first_byte_ms` + `body_ms` make `total_ms` within 1 ms, or the rest is `unaccounted_ms`: own
    computing, and the time spent in a stage that failed. On a proxied route `connect_ms` is the proxy's and `proxy_headers` its answer to
    CONNECT. `chain` is DER, leaf first, exactly as sent. `body` is at most the cap, `body_bytes` what was read.
    `sent_headers` are the request's own, as they left. `throughput_mbps` and `bloat_ms` are there for the plan's download only.
    """

    clock: Clock
    suspect: bool = False
    connect_ms: float | None = None
    proxy_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    body_ms: float | None = None
    total_ms: float | None = None
    unaccounted_ms: float | None = None
    tls: str | None = None
    cipher: str | None = None
    alpn: str | None = None
    http: str | None = None
    chain: tuple[bytes, ...] = ()
    proxy_status: int | None = None
    proxy_headers: Headers = ()
    status: int | None = None
    sent_headers: Headers = ()
    headers: Headers = ()
    body: bytes = b""
    body_bytes: int | None = None
    throughput_mbps: float | None = None
    bloat_ms: float | None = None
    failure: Failure | None = None
    stage: Stage | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Train:
    """Questions to one place on UDP from one port, one after another. An answer has at `echoed` the bytes its question has there.

    `source_ports`: one of them that is free is used; none means any. `way` may say an own address to leave from. After the last question
    answers are waited for `patience_s`, or as long as the network's time limit for a first byte if that is shorter.
    """

    target: Target
    address: str
    questions: tuple[bytes, ...]
    echoed: slice
    spacing_s: float
    patience_s: float
    source_ports: range = range(0)
    way: Way = DIRECT_WAY


class Reply(NamedTuple):
    """One answer of a train, and the milliseconds from its question's leaving to its arrival."""

    data: bytes
    ms: float


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a train: `replies` in the questions' order, None for silence. A failure is there only when nothing was answered."""

    clock: Clock
    suspect: bool = False
    sent: int = 0
    replies: tuple[Reply | None, ...] = ()
    failure: Failure | None = None
    stage: Stage | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Shaken:
    """What came of one HTTP/3 request on a fresh QUIC connection: as `Fetched`, without a body. `version` is QUIC's, hexadecimal.

    `handshake_ms` is from the first datagram sent to the arrival of the one that completed the handshake.
    """

    clock: Clock
    suspect: bool = False
    handshake_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float | None = None
    version: str | None = None
    cipher: str | None = None
    alpn: str | None = None
    chain: tuple[bytes, ...] = ()
    status: int | None = None
    headers: Headers = ()
    failure: Failure | None = None
    stage: Stage | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What came of a WebSocket upgrade (RFC 6455): the stages of `Fetched` up to TLS, then `upgrade_ms`, the idle time and a ping.

    `upgraded` says whether the answer was a valid 101; `idle` what became of the silent connection, `idle_s` how long it lay still.
    A connection that was lost has its failure in stage `body`.
    """

    clock: Clock
    suspect: bool = False
    connect_ms: float | None = None
    proxy_ms: float | None = None
    tls_ms: float | None = None
    upgrade_ms: float | None = None
    ping_ms: float | None = None
    tls: str | None = None
    cipher: str | None = None
    alpn: str | None = None
    chain: tuple[bytes, ...] = ()
    proxy_status: int | None = None
    proxy_headers: Headers = ()
    status: int | None = None
    headers: Headers = ()
    upgraded: bool = False
    idle: Literal["", "alive", "lost"] = ""
    idle_s: float | None = None
    failure: Failure | None = None
    stage: Stage | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What DNS tells about itself. `answered_by_nobody` is None when it was not tried; addresses and identities are empty when unknown."""

    answered_by_nobody: bool | None = None
    identity: str = ""
    version: str = ""
    resolver_egress: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """What came of one trace; fields as in `wire.facts.PathFacts` and `wire.observation.PathObservation`, addresses as they are.

    `hops` are addresses by TTL from 1, empty for silence: those on the way to the target's port, beyond its end those to the control port;
    where the control port goes on, the entry at `ends_at` is the device that ended the target's. `hop_ms` and `origins` (number of the
    autonomous system) are by address; the latter is empty where lookups are off.
    """

    clock: Clock
    suspect: bool = False
    method: str = ""
    ends_at: int | None = None
    control_port: int | None = None
    control_ends_at: int | None = None
    hops: tuple[str, ...] = ()
    hop_ms: Mapping[str, float] = field(default_factory=dict)
    origins: Mapping[str, int] = field(default_factory=dict)
    connect_ms: float | None = None
    control_ms: float | None = None
    icmp_ms: float | None = None
    unroutable: Literal["", "accepted", "refused", "silent"] = ""
    unroutable_ms: float | None = None
    mss: int | None = None
    sack: bool | None = None
    timestamps: bool | None = None
    scaling: bool | None = None
    failure: Failure | None = None
    stage: Stage | None = None
    error: str | None = None


class Network(Protocol):
    """What a probe can ask of the network, and of the machine that is its near end."""

    async def ways(self, target: Target, route: Route) -> Ways:
        """Return the ways to `target` that `route` comes to on this machine, to be tried in order."""
        ...

    async def resolve(self, host: str, timeout_s: float | None = None) -> Resolution:
        """Look a name up, A and where there is IPv6 also AAAA. An address is its own answer and is not asked for."""
        ...

    async def fetch(self, request: Exchange) -> Fetched:
        """Make one request on a fresh connection, each stage timed; certificates are captured and never verified."""
        ...

    async def train(self, request: Train) -> Trained:
        """Send datagrams and return what each was answered."""
        ...

    async def shake(self, request: Exchange) -> Shaken:
        """Make one HTTP/3 request on a fresh QUIC connection; certificates are captured and never verified. `alpn` is not looked at."""
        ...

    async def upgrade(self, request: Exchange) -> Upgraded:
        """Upgrade a fresh connection to WebSocket, leave it idle as long as the network's settings say, then ping. `alpn` is ignored."""
        ...

    async def check_chain(self, chain: Sequence[bytes], host: str) -> ChainTrust | None:
        """Return what the two root stores make of a chain, or None when there is no chain or nothing that checks."""
        ...

    async def check_answer(self, host: str, statement: bytes, body: bytes, signature: str) -> Literal["", "ok", "bad", "absent"]:
        """Return whether the reflector signed this body; empty where no key is known. A statement known to be true is not checked again."""
        ...

    async def resolver_told(self) -> Told:
        """Return what DNS tells about itself, as far as the network's settings want to know."""
        ...

    async def origin(self, address: str) -> int | None:
        """Return the number of the autonomous system that announces an address; None where that is not asked, or nobody says."""
        ...

    async def clock_offset(self) -> tuple[float | None, str | None]:
        """Return by how many milliseconds this clock is ahead of the settings' time server, or why that is not known; twice None: off."""
        ...

    async def address_by_dns(self) -> str:
        """Return this machine's address as a name server asked directly sees it; empty where none is known."""
        ...

    async def trace(self, target: Target, address: str, way: Way = DIRECT_WAY) -> Traced:
        """Find how far away whoever answers on the target's port is, against a control port, leaving by a way without proxy."""
        ...

    async def machine(self) -> MachineSeen:
        """Return what this machine says of itself; empty where nobody can look."""
        ...
