"""Observations: what one probe saw once. A sample that varies each time, and the id of its facts.

`at_us` counts microseconds from the cycle's `started_ns`. Phases are milliseconds and absent when not reached; they add up to
`total_ms` within 1 ms, or the rest is `unaccounted_ms`. Lists are made by factories: pydantic copies a literal default deeply,
which was a tenth of what a report costs the collector (measured).
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from wire.model import ContentId, Message, Milliseconds, Text, Word
from wire.vocabulary import Clock

Microseconds = Annotated[int, Field(ge=0, le=86_400_000_000)]


class WebObservation(Message):
    """Sample of the `web` probe. `suspect`: taken while the loop lagged, the clock stepped, or starts were too dense.

    `server_ms`: SharePoint's own work on the request (SPIisLatency), part of `first_byte_ms`; `health_score`: X-SharePointHealthScore, 0 to
    10, low is good. `throughput_mbps` (10^6 bits a second) and `bloat_ms` (connect time while the download ran less the idle one) are of
    the plan's download only.
    """

    kind: Literal["web"]
    facts: ContentId
    at_us: Microseconds
    suspect: bool = False
    repeat: bool = False
    clock: Clock = "kernel"
    address: Word | None = None
    dns_ms: Milliseconds | None = None
    connect_ms: Milliseconds | None = None
    proxy_ms: Milliseconds | None = None
    tls_ms: Milliseconds | None = None
    first_byte_ms: Milliseconds | None = None
    body_ms: Milliseconds | None = None
    total_ms: Milliseconds | None = None
    unaccounted_ms: Milliseconds | None = None
    status: Annotated[int, Field(ge=100, le=999)] | None = None
    body_bytes: Annotated[int, Field(ge=0)] | None = None
    front_door: Word | None = None
    server_ms: Milliseconds | None = None
    health_score: Annotated[int, Field(ge=0, le=10)] | None = None
    throughput_mbps: Annotated[float, Field(ge=0, le=1e6)] | None = None
    bloat_ms: Milliseconds | None = None
    error: Text | None = None


class DnsObservation(Message):
    """Sample of the `dns` probe: addresses in the order received.

    Of the control target's lookup only, where the plan asks for it: what the resolver calls itself (RFC 4892; BIND's version.bind), and the
    address it leaves by as a whoami name's server saw it. A public resolver is many machines: it may be another each time.
    """

    kind: Literal["dns"]
    facts: ContentId
    at_us: Microseconds
    suspect: bool = False
    repeat: bool = False
    clock: Clock = "kernel"
    dns_ms: Milliseconds | None = None
    answers: Annotated[list[Word], Field(max_length=64)] = Field(default_factory=list)
    identity: Text | None = None
    version: Text | None = None
    resolver_egress: Word | None = None
    error: Text | None = None


class EgressObservation(Message):
    """Sample of the `egress` probe: how long our reflector took. What it saw is in the facts."""

    kind: Literal["egress"]
    facts: ContentId
    at_us: Microseconds
    suspect: bool = False
    repeat: bool = False
    clock: Clock = "kernel"
    connect_ms: Milliseconds | None = None
    total_ms: Milliseconds | None = None
    error: Text | None = None


class PathObservation(Message):
    """Sample of the `path` probe. `connect_ms` is the kernel's RTT on the target's port, `control_ms` on the control port.

    `hops`: what answered at each TTL from 1, an address, `private` for one of the customer's own, empty for silence. `microsoft_hop`: the
    first TTL whose address is announced by AS 8075, with its RTT; both None where DNS origin lookups are off or say nothing.
    """

    kind: Literal["path"]
    facts: ContentId
    at_us: Microseconds
    suspect: bool = False
    repeat: bool = False
    clock: Clock = "kernel"
    address: Word | None = None
    connect_ms: Milliseconds | None = None
    control_ms: Milliseconds | None = None
    icmp_ms: Milliseconds | None = None
    unroutable_ms: Milliseconds | None = None
    hops: Annotated[list[Word], Field(max_length=64)] = Field(default_factory=list)
    microsoft_hop: Annotated[int, Field(ge=1, le=255)] | None = None
    microsoft_ms: Milliseconds | None = None
    direct_peering: bool | None = None
    error: Text | None = None


class MediaObservation(Message):
    """Sample of the `media` probe: a train of requests to the relay's control plane, not a call.

    `rtt_ms` is the median, `jitter_ms` RFC 3550's mean deviation, `loss_percent` of `sent`, absent when nothing came: silence is not loss.
    `audio_rtt_ms` is from a port of 50000 to 50019. `alternate`: the `address:port` the relay named in its place.
    """

    kind: Literal["media"]
    facts: ContentId
    at_us: Microseconds
    suspect: bool = False
    repeat: bool = False
    clock: Clock = "kernel"
    address: Word | None = None
    dns_ms: Milliseconds | None = None
    rtt_ms: Milliseconds | None = None
    audio_rtt_ms: Milliseconds | None = None
    jitter_ms: Milliseconds | None = None
    loss_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    sent: Annotated[int, Field(ge=0)] | None = None
    received: Annotated[int, Field(ge=0)] | None = None
    alternate: Word | None = None
    error: Text | None = None


class QuicObservation(Message):
    """Sample of the `quic` probe: `handshake_ms` to the handshake's completion, `first_byte_ms` from the request to its answer."""

    kind: Literal["quic"]
    facts: ContentId
    at_us: Microseconds
    suspect: bool = False
    repeat: bool = False
    clock: Clock = "kernel"
    address: Word | None = None
    dns_ms: Milliseconds | None = None
    handshake_ms: Milliseconds | None = None
    first_byte_ms: Milliseconds | None = None
    total_ms: Milliseconds | None = None
    status: Annotated[int, Field(ge=100, le=999)] | None = None
    error: Text | None = None


class WebsocketObservation(Message):
    """Sample of the `websocket` probe: `upgrade_ms` from the request to 101, `idle_s` how long it lay still."""

    kind: Literal["websocket"]
    facts: ContentId
    at_us: Microseconds
    suspect: bool = False
    repeat: bool = False
    clock: Clock = "kernel"
    address: Word | None = None
    dns_ms: Milliseconds | None = None
    connect_ms: Milliseconds | None = None
    proxy_ms: Milliseconds | None = None
    tls_ms: Milliseconds | None = None
    upgrade_ms: Milliseconds | None = None
    ping_ms: Milliseconds | None = None
    idle_s: Annotated[float, Field(ge=0, le=3600)] | None = None
    error: Text | None = None


class HostObservation(Message):
    """Sample of the `host` probe. Clock offsets in milliseconds, positive when this machine is ahead."""

    kind: Literal["host"]
    facts: ContentId
    at_us: Microseconds
    suspect: bool = False
    repeat: bool = False
    clock: Clock = "kernel"
    ntp_offset_ms: Annotated[float, Field(ge=-1e12, le=1e12)] | None = None
    roots: Annotated[int, Field(ge=0)] | None = None
    error: Text | None = None


class RawObservation(Message):
    """An observation of a kind this version does not know: kept as it came, counted, never refused."""

    kind: Literal["raw"]
    of: Word
    data: dict[str, Any]


KnownObservation = (
    WebObservation
    | DnsObservation
    | EgressObservation
    | HostObservation
    | MediaObservation
    | QuicObservation
    | WebsocketObservation
    | PathObservation
)
Observation = Annotated[KnownObservation | RawObservation, Field(discriminator="kind")]
