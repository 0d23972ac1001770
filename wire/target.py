"""What is probed, and by which way out: `Target` and `Route`."""

import re
from typing import Literal, Self

from pydantic import model_validator

from wire.model import HostName, Message, Port, RouteName, Word
from wire.vocabulary import Category, Protocol, Workload

_SUFFIX: dict[Protocol, str] = {"quic": "/udp", "turn": "/udp", "wss": "/wss"}
_HOST_ITSELF = "this-machine"
_PLACE = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}")


class Target(Message):
    """One thing to probe. `endpoint_set` is the id in Microsoft's endpoint list of the plan's instance, if it has one.

    `protocol` says by which probe: `https`, `http` and `dns` as named, `quic` HTTP/3 on UDP, `wss` a WebSocket, `turn` the media relay on
    UDP, `host` this machine itself.
    """

    host: HostName
    port: Port = 443
    protocol: Protocol = "https"
    endpoint_set: int | None = None
    category: Category
    workload: Workload
    path: str = "/"

    @property
    def name(self) -> str:
        """Return the target's name in tags, tables and pages: `host:port`, with `/udp` or `/wss` where TCP's answer is another matter."""
        return _HOST_ITSELF if self.protocol == "host" else f"{self.host}:{self.port}{_SUFFIX.get(self.protocol, '')}"


class Route(Message):
    """How probes leave. Neither a URL nor a password is ever part of it.

    `direct`: by the routing table, no proxy. `system`: as this machine's own programs do (environment, settings, PAC file, WPAD).
    `proxy`: through `proxy`, a `host:port`. `source`: directly from `source`, an interface's name or an address of this machine.
    """

    name: RouteName
    kind: Literal["direct", "system", "proxy", "source"] = "direct"
    proxy: str | None = None
    source: Word | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        for kind, value in (("proxy", self.proxy), ("source", self.source)):
            if (value is not None) != (self.kind == kind):
                raise ValueError(f"route {self.name}: {kind} and kind {kind!r} belong together; write both or neither")
        if self.proxy is not None and not _PLACE.fullmatch(self.proxy):
            raise ValueError(
                f"route {self.name}: proxy is not host:port; write for example proxy.contoso.com:3128, without URL or password"
            )
        return self


DIRECT = Route(name="direct")
HERE = Target(host="localhost", port=1, protocol="host", category="Control", workload="Control")
"""What the `host` probe is about. No packet is sent there."""
SYSTEM = Route(name="system", kind="system")
