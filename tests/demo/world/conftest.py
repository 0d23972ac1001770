"""A world of two sites on loopback, and an agent's own probes and judge to look at it with."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from agent.network.net import ChainCheck, Network
from agent.network.open import open_network
from agent.network.settings import NetworkSettings, Timeouts
from agent.probes import dns, egress, media, quic, web, websocket
from agent.probes.measured import Measured
from demo.world.config import MEDIA, Config, read
from demo.world.world import World, opened
from judge.chain import Roots, roots_hash, verify_twice
from judge.finding import Finding, Judgement
from judge.judgement import Judge
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from tests.fakes.network import FakeClock
from wire.facts import ChainTrust, MediaFacts, QuicFacts, WebFacts, WebsocketFacts
from wire.target import DIRECT, Target

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CONTROL = "www.gstatic.com"
HOSTS = (
    "outlook.office365.com",
    "outlook.cloud.microsoft",
    "microsoft.sharepoint.com",
    "teams.microsoft.com",
    "login.microsoftonline.com",
    CONTROL,
)
"""The targets of the demo's plan."""
REFLECTOR = Target(host="reflector.middlewatch.example", port=80, path="/reflect", protocol="http", category="Default", workload="Common")
_knowledge = load_knowledge()


def config(folder: Path, hosts: Sequence[str] = HOSTS) -> Config:
    """Return the configuration of a world of two sites without distances."""
    place = {"latitude": 50.1, "longitude": 8.7, "delay_ms": 0}
    sites = [
        {"name": "Frankfurt", "egress_address": "203.0.113.10", "resolver_address": "203.0.113.11", "front_door": "FRA", **place},
        {"name": "Lyon", "egress_address": "203.0.113.20", "resolver_address": "203.0.113.21", "front_door": "CDG", **place},
    ]
    return read({"folder": str(folder), "sites": sites, "hosts": list(hosts)})


@dataclass
class Sight:
    """What one round of probes saw from one site, and what the judge says of it."""

    web: dict[str, Measured] = field(default_factory=dict)
    dns: dict[str, Measured] = field(default_factory=dict)
    egress: Measured | None = None
    judgement: Judgement | None = None

    def facts(self, host: str) -> WebFacts:
        """Return the web facts of a host."""
        facts = self.web[host].facts
        assert isinstance(facts, WebFacts)
        return facts

    @property
    def verdicts(self) -> set[str]:
        """Return the verdicts of all answers."""
        return {one.verdict for one in self.answers}

    @property
    def answers(self) -> list[Finding]:
        """Return the findings about the targets' answers, without what is lost beside them."""
        assert self.judgement is not None
        return [one for one in self.judgement.findings if one.aspect == "path"]

    @property
    def signals(self) -> set[str]:
        """Return the signals of all answers."""
        return {evidence.signal for one in self.answers for evidence in one.evidence}

    @property
    def device_keys(self) -> set[str]:
        """Return the first key of each finding's device."""
        assert self.judgement is not None
        return {f"{one.device.keys[0].kind}:{one.device.keys[0].value}" for one in self.judgement.findings if one.device}


async def look(world: World, site: str, hosts: Sequence[str] = HOSTS) -> Sight:
    """Let every probe of an agent at a site look once, and the judge judge."""
    public, os_roots = (Roots.from_pem(file.read_bytes()) for file in (world.public_roots, world.os_roots))

    async def check(chain: Sequence[bytes], host: str) -> ChainTrust:
        words = verify_twice(chain, host, os_roots, public, NOW)
        return ChainTrust(os=words[0], public=words[1], engine="openssl", public_roots=roots_hash(world.public_roots.read_bytes()))

    net = _network(world, site, check)
    sight = Sight()
    for host in hosts:
        target = target_for(_knowledge, host)
        sight.web[host] = await web.measure(target, DIRECT, net, FakeClock())
        sight.dns[host] = await dns.measure(target, DIRECT, net, FakeClock())
    sight.egress = await egress.measure(REFLECTOR, DIRECT, net, FakeClock())
    measured = [*sight.web.values(), *sight.dns.values()]
    certificates = {key: der for one in measured for key, der in one.certificates.items()}
    judge = Judge(replace(_knowledge, roots=public))
    sight.judgement = judge.judge(judge.look([(one.observation, one.facts) for one in measured]), certificates, int(NOW.timestamp() * 1e9))
    return sight


def _network(world: World, site: str, check: ChainCheck, timeout_s: float = 10.0) -> Network:
    """Return an agent's network as its configuration would make it."""
    link = world.announcement()["links"][site]
    settings = NetworkSettings(tuple(link["resolvers"]), link["connect"], Timeouts.every(timeout_s), ipv6=False, idle_s=0.05)
    return open_network(settings, check)


async def beside(world: World, site: str, timeout_s: float = 10.0) -> tuple[MediaFacts, QuicFacts, WebsocketFacts]:
    """Let the probes of what is beside HTTPS look once from a site."""

    async def check(_chain: Sequence[bytes], _host: str) -> ChainTrust:
        return ChainTrust(os="unchecked", public="unchecked")

    net = _network(world, site, check, timeout_s)
    teams = Target(host="teams.microsoft.com", category="Allow", workload="Teams")
    relay = teams.model_copy(update={"host": MEDIA, "port": 3479, "protocol": "turn"})
    seen = [
        await media.measure(relay, DIRECT, net, FakeClock()),
        await quic.measure(teams.model_copy(update={"protocol": "quic"}), DIRECT, net, FakeClock()),
        await websocket.measure(teams.model_copy(update={"protocol": "wss"}), DIRECT, net, FakeClock()),
    ]
    facts = tuple(one.facts for one in seen)
    assert isinstance(facts[0], MediaFacts)
    assert isinstance(facts[1], QuicFacts)
    assert isinstance(facts[2], WebsocketFacts)
    return facts[0], facts[1], facts[2]


@contextlib.asynccontextmanager
async def running(folder: Path, hosts: Sequence[str] = HOSTS) -> AsyncIterator[World]:
    """Run a world of two sites in this loop."""
    async with opened(config(folder, hosts), NOW) as world:
        yield world
