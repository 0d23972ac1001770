"""What is probed, and by which way out: `Target` and `Route`."""

from typing import Literal

from wire.model import HostName, Message, Port, RouteName
from wire.vocabulary import Category, Protocol, Workload

_SUFFIX: dict[Protocol, str] = {"quic": "/udp", "turn": "/udp", "wss": "/wss"}
_HOST_ITSELF = "this-machine"


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
    """How probes leave. `proxy` (`host:port`, without credentials) belongs to kind `proxy` only."""

    name: RouteName
    kind: Literal["direct", "proxy"] = "direct"
    proxy: str | None = None


DIRECT = Route(name="direct")
HERE = Target(host="localhost", port=1, protocol="host", category="Control", workload="Control")
"""What the `host` probe is about. No packet is sent there."""
