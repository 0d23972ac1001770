"""The one factory of the real network. Everything else in this room is reached through what it returns."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from agent.network.address import split_address
from agent.network.clock import SampleClock, sample_clock
from agent.network.connect import NETWORK_ERRORS, Staged
from agent.network.datagram import run_train
from agent.network.download import download
from agent.network.failure import classify
from agent.network.net import (
    AnswerCheck,
    ChainCheck,
    Exchange,
    Fetched,
    MachineLook,
    Network,
    Resolution,
    Shaken,
    Told,
    Traced,
    Train,
    Trained,
    Upgraded,
)
from agent.network.ntp import clock_offset
from agent.network.origin import origin_of
from agent.network.proxy import Logins
from agent.network.quic import QuicChild
from agent.network.resolve import ipv6_routed, resolve
from agent.network.settings import NetworkSettings
from agent.network.system import SystemWays
from agent.network.trace import Tracer
from agent.network.upgrade import Upgrade
from agent.network.way import DIRECT_WAY, Way, Ways, planned
from agent.network.whoami import address_told, resolver_told
from agent.platform import here
from agent.platform.port import MachineSeen, Platform
from wire.facts import ChainTrust
from wire.target import Route, Target


class OwnNetwork:
    """The network through own sockets. Holds no connection and no cache: two samples never share anything."""

    def __init__(
        self,
        settings: NetworkSettings,
        clock: SampleClock,
        check: ChainCheck | None,
        look: MachineLook | None,
        system: SystemWays | None,
        platform: Platform,
        signed: AnswerCheck | None,
    ) -> None:
        self._settings = settings
        self._system = system
        self._platform = platform
        self._logins = Logins(settings.logins)
        self._clock = clock
        self._check = check
        self._look = look
        self._quic = QuicChild()
        self._signed = signed
        self._resolvers = tuple(split_address(place, "network.resolvers") for place in settings.resolvers)
        self._tracer = Tracer(settings.path, clock, settings.connect, settings.timeouts.connect_s, self.origin)

    async def resolve(self, host: str, timeout_s: float | None = None) -> Resolution:
        """Look a name up at the configured resolvers, else at the machine's own."""
        settings = self._settings
        resolvers = self._resolvers or await self._own_resolvers()
        ipv6 = ipv6_routed() if settings.ipv6 is None else settings.ipv6
        return await resolve(host, resolvers, self._clock, timeout_s or settings.timeouts.dns_s, ipv6=ipv6)

    async def ways(self, target: Target, route: Route) -> Ways:
        """Return what the plan says, or the machine's own settings for a system route; without those it is direct."""
        if route.kind == "system":
            return Ways(origin="settings") if self._system is None else await self._system.ways(target)
        way = planned(route)
        if way.kind == "source" and not way.addresses:
            way = replace(way, addresses=await self._platform.addresses(way.host))
        return Ways((way,), "" if way.kind == "direct" else "plan")

    async def fetch(self, request: Exchange) -> Fetched:
        """Make one exchange on a connection of its own; that of the plan's file is its download."""
        settings, target = self._settings, request.target
        if settings.download is not None and (target.host, target.port, target.path) == settings.download[:3]:
            return await download(request, self._clock, settings.timeouts, settings.connect, self._logins, settings.download[3])
        return await Staged(request, self._clock, self._settings.timeouts, self._settings.connect, self._logins).run()

    async def train(self, request: Train) -> Trained:
        """Send a train of datagrams from a socket of its own."""
        patience_s = min(request.patience_s, self._settings.timeouts.first_byte_s)
        return await run_train(request, self._clock, patience_s, self._settings.connect)

    async def shake(self, request: Exchange) -> Shaken:
        """Make one HTTP/3 request, in the child that speaks QUIC."""
        limits = request.timeouts or self._settings.timeouts
        return await self._quic.shake(request, limits, self._settings.connect, self._clock.name)

    async def upgrade(self, request: Exchange) -> Upgraded:
        """Upgrade a connection of its own to WebSocket."""
        settings = self._settings
        return await Upgrade(request, self._clock, settings.timeouts, settings.connect, self._logins, settings.idle_s).upgraded()

    async def trace(self, target: Target, address: str, way: Way = DIRECT_WAY) -> Traced:
        """Trace one address of a target."""
        return await self._tracer.run(target.host, target.port, address, way)

    async def origin(self, address: str) -> int | None:
        """Ask which autonomous system announces an address, where the settings name a zone to ask."""
        settings = self._settings
        if not settings.path.origin_zone:
            return None
        resolvers = self._resolvers or await self._own_resolvers()
        return await origin_of(address, settings.path.origin_zone, resolvers, self._clock, settings.timeouts.dns_s)

    async def _own_resolvers(self) -> tuple[tuple[str, int], ...]:
        return tuple((server, 53) for server in await self._platform.resolvers())

    async def check_chain(self, chain: Sequence[bytes], host: str) -> ChainTrust | None:
        """Hand a captured chain to the checker this network was opened with."""
        if not chain or self._check is None:
            return None
        return await self._check(chain, host)

    async def check_answer(self, host: str, statement: bytes, body: bytes, signature: str) -> Literal["", "ok", "bad", "absent"]:
        """Hand an answer to whom knows the reflector's key."""
        return await self._signed(host, statement, body, signature) if self._signed else ""

    async def resolver_told(self) -> Told:
        """Ask DNS about itself, as the settings say."""
        names, settings = self._settings.names, self._settings
        resolvers = self._resolvers or await self._own_resolvers()
        limit_s = settings.timeouts.dns_s
        return await resolver_told(names.nobody, names.whoami, resolvers, self._clock, limit_s, identity=names.identity)

    async def clock_offset(self) -> tuple[float | None, str | None]:
        """Ask the time server the settings name. A laboratory's is mapped, or not asked."""
        settings = self._settings
        if not settings.ntp:
            return None, None
        found = await self.resolve(settings.ntp)
        if not found.answers:
            return None, f"ntp: {found.failure or 'dns_no_data'}"
        try:
            return await clock_offset(settings.ntp, found.answers[0], settings.connect, self._clock), None
        except NETWORK_ERRORS as error:
            failure, text = classify(error)
            return None, f"ntp: {failure}: {text}"

    async def address_by_dns(self) -> str:
        """Ask the name servers that are to be asked directly."""
        direct = [one for one in self._settings.names.whoami if one.server]
        return await address_told(direct, (), self._clock, self._settings.timeouts.dns_s)

    async def machine(self) -> MachineSeen:
        """Have the machine looked at by whom this network was opened with."""
        return await self._look() if self._look else MachineSeen("")


def open_network(
    settings: NetworkSettings,
    check_chain: ChainCheck | None = None,
    look: MachineLook | None = None,
    *,
    system: SystemWays | None = None,
    platform: Platform | None = None,
    signed: AnswerCheck | None = None,
) -> Network:
    """Return the network for `settings`. Cheap: call it once for each probe whose time limits differ; `system` is shared by all.

    Raises ValueError, naming the setting and the remedy, for a resolver or a laboratory place that is no `address:port`.
    """
    for place in settings.connect.values():
        split_address(place, "lab.connect")
    return OwnNetwork(settings, sample_clock(settings.clock), check_chain, look, system, platform or here(), signed)
