"""What is probed, and by which way out: `Target` and `Route`."""

from typing import Literal

from wire.model import HostName, Message, Port, RouteName
from wire.vocabulary import Category, Protocol, Workload


class Target(Message):
    """One thing to probe. `endpoint_set` is the id in Microsoft's endpoint list of the plan's instance, if it has one."""

    host: HostName
    port: Port = 443
    protocol: Protocol = "https"
    endpoint_set: int | None = None
    category: Category
    workload: Workload
    path: str = "/"

    @property
    def name(self) -> str:
        """Return `host:port`, the target's name in tags, tables and pages."""
        return f"{self.host}:{self.port}"


class Route(Message):
    """How probes leave. `proxy` (`host:port`, without credentials) belongs to kind `proxy` only."""

    name: RouteName
    kind: Literal["direct", "proxy"] = "direct"
    proxy: str | None = None


DIRECT = Route(name="direct")
