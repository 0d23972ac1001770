"""A scripted network for probes: answers from a table, no socket. Held to `tests/contracts/network.py` like the real one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agent.network.net import Exchange, Fetched, Resolution, Shaken, Told, Traced, Train, Trained, Upgraded
from agent.network.way import DIRECT_WAY, Way, Ways, planned
from agent.platform.port import MachineSeen
from wire.facts import ChainTrust
from wire.target import Route, Target

NO_SUCH_NAME = Resolution("kernel", resolver="192.0.2.53", dns_ms=1.0, failure="dns_nxdomain", stage="dns", error="NXDOMAIN")
SILENT = Trained("kernel", failure="timeout", stage="first_byte", error="no answer within the stage's time limit")
NO_LISTENER = Fetched("kernel", total_ms=0.1, failure="refused", stage="connect", error="ConnectionRefusedError")
NOBODY_THERE = Traced("kernel", method="linux-ttl", ends_at=1, failure="refused", stage="connect", error="ECONNREFUSED")


@dataclass
class FakeNetwork:
    """`names` maps host to its lookup, `sites`, `shaken`, `upgraded`, `traces` a target's name to what comes of it; `trust` is all chains'.

    A proxied exchange is looked up by the way's name first (`proxy host:port`); `system` is every system route's. `answering` says what
    comes of a train. What was asked is recorded.
    """

    names: Mapping[str, Resolution] = field(default_factory=dict)
    sites: Mapping[str, Fetched] = field(default_factory=dict)
    trust: ChainTrust | None = None
    seen: MachineSeen = field(default_factory=lambda: MachineSeen("linux"))
    system: Ways = field(default_factory=lambda: Ways(origin="settings"))
    answering: Callable[[Train], Trained] = lambda train: replace(SILENT, sent=len(train.questions))
    shaken: Mapping[str, Shaken] = field(default_factory=dict)
    upgraded: Mapping[str, Upgraded] = field(default_factory=dict)
    trains: list[Train] = field(default_factory=list)
    signed: Literal["", "ok", "bad", "absent"] = ""
    told: Told = field(default_factory=Told)
    by_dns: str = ""
    origins: Mapping[str, int] = field(default_factory=dict)
    ahead: tuple[float | None, str | None] = (None, None)
    traces: Mapping[str, Traced] = field(default_factory=dict)
    traced: list[tuple[str, str, Way]] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    answers: list[tuple[str, bytes, bytes, str]] = field(default_factory=list)
    checked: list[tuple[tuple[bytes, ...], str]] = field(default_factory=list)

    async def resolve(self, host: str, timeout_s: float | None = None) -> Resolution:
        """Return the scripted lookup; an unscripted name does not exist, an address is its own answer."""
        self.looked_up.append(host)
        if host.replace(".", "").isdigit() or ":" in host:
            return Resolution("kernel", answers=(host,))
        return self.names.get(host, NO_SUCH_NAME)

    async def check_answer(self, host: str, statement: bytes, body: bytes, signature: str) -> Literal["", "ok", "bad", "absent"]:
        """Return the scripted word; remember what was to be checked."""
        self.answers.append((host, statement, body, signature))
        return self.signed

    async def resolver_told(self) -> Told:
        """Return what is scripted."""
        return self.told

    async def origin(self, address: str) -> int | None:
        """Return the scripted number."""
        return self.origins.get(address)

    async def clock_offset(self) -> tuple[float | None, str | None]:
        """Return what is scripted."""
        return self.ahead

    async def address_by_dns(self) -> str:
        """Return the scripted address."""
        return self.by_dns

    async def machine(self) -> MachineSeen:
        """Return the scripted machine."""
        return self.seen

    async def ways(self, target: Target, route: Route) -> Ways:
        """Return the scripted ways of a system route, else what the plan says."""
        return self.system if route.kind == "system" else Ways((planned(route),), "" if route.kind == "direct" else "plan")

    async def fetch(self, request: Exchange) -> Fetched:
        """Return the scripted exchange; at an unscripted place nobody listens."""
        self.exchanges.append(request)
        return self.sites.get(request.by.name) or self.sites.get(request.target.name, NO_LISTENER)

    async def train(self, request: Train) -> Trained:
        """Return what the script makes of a train; without one there is silence."""
        self.trains.append(request)
        return self.answering(request)

    async def shake(self, request: Exchange) -> Shaken:
        """Return the scripted handshake; at an unscripted place nobody listens."""
        self.exchanges.append(request)
        return self.shaken.get(request.target.name, Shaken("kernel", failure="refused", stage="connect", error="ECONNREFUSED"))

    async def upgrade(self, request: Exchange) -> Upgraded:
        """Return the scripted upgrade; at an unscripted place nobody listens."""
        self.exchanges.append(request)
        return self.upgraded.get(request.target.name, Upgraded("kernel", failure="refused", stage="connect", error="ECONNREFUSED"))

    async def check_chain(self, chain: Sequence[bytes], host: str) -> ChainTrust | None:
        """Return the scripted trust of a chain that has certificates."""
        if not chain or self.trust is None:
            return None
        self.checked.append((tuple(chain), host))
        return self.trust

    async def trace(self, target: Target, address: str, way: Way = DIRECT_WAY) -> Traced:
        """Return the scripted trace; an unscripted place refuses."""
        self.traced.append((target.name, address, way))
        return self.traces.get(target.name, NOBODY_THERE)


@dataclass
class FakeClock:
    """A cycle's clock that a test sets."""

    turn: int = 0
    now_us: int = 1_500

    def at_us(self) -> int:
        """Return the microsecond the test set."""
        return self.now_us
