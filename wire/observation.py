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
    """Sample of the `web` probe. `suspect`: taken while the loop lagged, the clock stepped, or starts were too dense."""

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
    error: Text | None = None


class DnsObservation(Message):
    """Sample of the `dns` probe: addresses in the order received."""

    kind: Literal["dns"]
    facts: ContentId
    at_us: Microseconds
    suspect: bool = False
    repeat: bool = False
    clock: Clock = "kernel"
    dns_ms: Milliseconds | None = None
    answers: Annotated[list[Word], Field(max_length=64)] = Field(default_factory=list)
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


class RawObservation(Message):
    """An observation of a kind this version does not know: kept as it came, counted, never refused."""

    kind: Literal["raw"]
    of: Word
    data: dict[str, Any]


KnownObservation = WebObservation | DnsObservation | EgressObservation
Observation = Annotated[WebObservation | DnsObservation | EgressObservation | RawObservation, Field(discriminator="kind")]
