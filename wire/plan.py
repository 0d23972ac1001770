"""Plan: what an agent is to do, as data, in a signed envelope.

The signature covers the exact characters of `body`. Which keys are trusted is the agent's local configuration; checking is
`agent/child.py`'s. A plan never sets trust roots or lab settings.
"""

from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wire.model import HostName, Message, Milliseconds, Port, Text, Word
from wire.target import DIRECT, Route, Target
from wire.vocabulary import Category, Kind, Workload


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
    """Our own echo server, for the `egress` probe.

    `category`: as which kind of traffic the customer's proxies and rules treat its name; `Control` for one that is like any other host.
    `key`: the Ed25519 key it signs with, 32 bytes in base64; empty when it signs nothing.
    """

    host: HostName
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    protocol: Literal["https", "http"] = "https"
    path: str = "/reflect"
    category: Category = "Control"
    key: Word = ""


class Whoami(Message):
    """A name whose answer tells the asker's address: our own reflector's zone, or a public one.

    `fresh` puts a random label before it, so that no cache answers. `server` (`address:port`) is asked directly and tells this machine's
    address; without it the resolver asks, and its own address is told.
    """

    name: HostName
    record: Literal["A", "AAAA", "TXT"] = "TXT"
    fresh: bool = False
    server: Text = ""


class DnsSettings(Message):
    """What the `dns` probe asks besides the targets' names, once a cycle, beside the control target.

    `nobody`: an `address:port` that belongs to no one (RFC 5737); an answer from there shows that DNS is intercepted; empty: not tried.
    `identity`: ask the resolver what it calls itself. `whoami`: asked in order until one answers; a public one learns who asks.
    """

    nobody: Text = "192.0.2.53:53"
    identity: bool = False
    whoami: Annotated[list[Whoami], Field(max_length=4)] = []

    @model_validator(mode="after")
    def _places(self) -> Self:
        for place in (self.nobody, *(one.server for one in self.whoami)):
            if place:
                _a_place(place)
        return self


class Download(Message):
    """A file to fetch for throughput and buffer bloat: one's own, or a link of the tenant's. `bytes`: how much of it is read at most."""

    host: HostName
    path: Annotated[str, Field(min_length=1, max_length=2048)]
    port: Port = 443
    bytes: Annotated[int, Field(ge=100_000, le=15_000_000)] = 15_000_000
    every_s: Annotated[float, Field(ge=600, le=86_400)] = 21_600.0
    category: Category = "Default"
    workload: Workload = "Common"


def _a_place(place: str) -> None:
    """Raise ValueError for what no socket can go to, as long as the plan in force can still stay."""
    address, _, port = place.rpartition(":")
    if not (port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError(f"{place!r} is not address:port; write for example 192.0.2.53:53")
    ip_address(address.strip("[]"))


class PathSettings(Message):
    """What the `path` probe asks besides the target.

    `control_port` of the target's address is what its own port is held against: 80 is answered by Microsoft's front doors and not by
    devices that take 443 only. `unroutable`: an `address:port` nobody owns (RFC 5737); empty: not tried. `origin_zone`: the DNS zone that
    says who announces an address, such as `origin.asn.cymru.com`; empty: not asked, for it tells a third party the routers on the way.
    """

    control_port: Port | None = 80
    unroutable: Text = "192.0.2.1:443"
    origin_zone: Text = ""

    @model_validator(mode="after")
    def _place(self) -> Self:
        if self.unroutable:
            _a_place(self.unroutable)
        return self


class Plan(Message):
    """Cadence below 5 s or above a day is absurd and refused. `version` only rises.

    `prefixes`: the Optimize category's, IPv4 and IPv6; the `host` probe says which of them leave by a tunnel. `names`: further ones a PAC
    file is asked about, one for each Optimize and Allow pattern; nothing is sent to them. `reflectors`: further ones,
    which the customer's rules treat otherwise. `ntp`: a time server to ask for the time; None: not asked. `download`: None: not made.
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
        "media": ProbeSettings(requests_per_hour=1200, every_s=300),
        "quic": ProbeSettings(every_s=900),
        "websocket": ProbeSettings(every_s=1800),
        "path": ProbeSettings(every_s=900),
    }
    reflector: Reflector | None = None
    reflectors: Annotated[list[Reflector], Field(max_length=8)] = []
    prefixes: Annotated[list[Word], Field(max_length=256)] = []
    names: Annotated[list[HostName], Field(max_length=100)] = []
    dns: DnsSettings = DnsSettings()
    ntp: HostName | None = None
    download: Download | None = None
    path: PathSettings = PathSettings()


class Envelope(Message):
    """`body` is a Plan as JSON text; `signature` is Ed25519 over its UTF-8 bytes, standard base64."""

    body: Annotated[str, Field(max_length=262_144)]
    key_id: Word
    signature: Annotated[str, Field(max_length=128)]
