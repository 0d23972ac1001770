"""Plan: what an agent is to do, as data, in a signed envelope.

The signature covers the exact characters of `body`. Which keys are trusted is the agent's local configuration; checking is
`agent/child.py`'s. A plan never sets trust roots or lab settings.
"""

from typing import Annotated, Literal

from pydantic import Field

from wire.model import HostName, Message, Milliseconds, Word
from wire.target import DIRECT, Route, Target
from wire.vocabulary import Kind


class ProbeSettings(Message):
    """Limits of one probe: a target's budget of requests an hour, repeats included, and the time limit of each stage.

    `every_s`: the probe's own slow cadence for each target and route, 0 for every cycle. `hosts`: only these targets' hosts, empty for all
    that fit the probe. `idle_s`: how long `websocket` leaves a connection in silence.
    """

    requests_per_hour: Annotated[int, Field(ge=1, le=3600)] = 240
    stage_timeout_ms: Milliseconds = 10_000.0
    every_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    hosts: Annotated[list[HostName], Field(max_length=200)] = []
    idle_s: Annotated[float, Field(ge=0, le=600)] = 60.0


class Reflector(Message):
    """Our own echo server, for the `egress` probe."""

    host: HostName
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    protocol: Literal["https", "http"] = "https"
    path: str = "/reflect"


class Plan(Message):
    """Cadence below 5 s or above a day is absurd and refused. `version` only rises.

    `prefixes`: the Optimize category's, IPv4 and IPv6; the `host` probe says which of them leave by a tunnel.
    """

    schema_major: Literal[1] = 1
    version: Annotated[int, Field(ge=1)]
    cadence_s: Annotated[float, Field(ge=5, le=86_400)] = 60.0
    targets: Annotated[list[Target], Field(min_length=1, max_length=200)]
    routes: Annotated[list[Route], Field(min_length=1, max_length=8)] = [DIRECT]
    probes: dict[Kind, ProbeSettings] = {
        "web": ProbeSettings(),
        "dns": ProbeSettings(),
        "egress": ProbeSettings(),
        "host": ProbeSettings(every_s=600.0),
        "media": ProbeSettings(every_s=300),
        "quic": ProbeSettings(every_s=900),
        "websocket": ProbeSettings(every_s=1800),
    }
    reflector: Reflector | None = None
    prefixes: Annotated[list[Word], Field(max_length=256)] = []


class Envelope(Message):
    """`body` is a Plan as JSON text; `signature` is Ed25519 over its UTF-8 bytes, standard base64."""

    body: Annotated[str, Field(max_length=262_144)]
    key_id: Word
    signature: Annotated[str, Field(max_length=128)]
