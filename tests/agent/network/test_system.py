"""The system route: who decides, in which order, for how long, and what is said when a PAC file fails."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.network import system as room
from agent.network.net import Exchange, Fetched, Resolution
from agent.network.system import LIFE_S, LOOKUP_S, LOOKUPS_S, RETRY_S, OwnProxy, SystemWays, fixed, url_of
from agent.pac.asking import Evaluator
from agent.platform.port import ProxySettings
from tests.fakes.network import FakeNetwork
from wire.facts import PacFacts
from wire.target import Target
from wire.vocabulary import Protocol

OUTLOOK = Target(host="outlook.office.com", category="Optimize", workload="Exchange")
MANUAL = {"https": "PROXY manual.test:8080"}


@dataclass
class Scripted:
    """A platform with settings, and how often it was asked for them."""

    settings: ProxySettings
    domains: tuple[str, ...] = ()
    asked: int = 0

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the settings."""
        self.asked += 1
        return (self.settings,)

    async def search_domains(self) -> tuple[str, ...]:
        """Return the domains."""
        return self.domains


@dataclass
class Clock:
    """A steady clock that a test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@dataclass
class World:
    """What one test sets up."""

    evaluator: Evaluator
    folder: Path
    net: FakeNetwork = field(default_factory=FakeNetwork)
    clock: Clock = field(default_factory=Clock)

    def pac(self, body: str, name: str = "proxy.pac") -> str:
        """Write a file and return its URL."""
        place = self.folder / name
        place.write_text(f"function FindProxyForURL(url, host) {{ {body} }}")
        return place.as_uri()

    def system(self, settings: ProxySettings, own: OwnProxy | None = None, domains: tuple[str, ...] = ()) -> SystemWays:
        """Return the system's ways for these settings."""
        self.platform = Scripted(settings, domains)
        return SystemWays(self.net, self.platform, self.evaluator, own, now=self.clock)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Return a world with the real child."""
    evaluator = Evaluator()
    yield World(evaluator, tmp_path)
    await evaluator.close()


async def said(system: SystemWays, target: Target = OUTLOOK) -> tuple[str, str, str]:
    """Return the first way, who said so, and the note."""
    ways = await system.ways(target)
    return ways.ways[0].name, ways.origin, ways.note


async def test_settings_alone(world: World) -> None:
    """Fixed settings decide but for what they let past; silent settings are direct, and it is said that they were asked."""
    system = world.system(ProxySettings("environment", proxies=MANUAL, bypass=("*.teams.test",)))
    assert await said(system) == ("proxy manual.test:8080", "environment", "")
    assert await said(system, OUTLOOK.model_copy(update={"host": "a.teams.test"})) == ("direct", "environment", "")
    assert await said(world.system(ProxySettings("user", proxies=MANUAL))) == ("proxy manual.test:8080", "settings", "")
    assert await said(world.system(ProxySettings("user"))) == ("direct", "settings", "")


async def test_a_pac_file_comes_before_fixed_settings(world: World) -> None:
    """The file decides by host, and the whole list of ways is kept in its order."""
    url = world.pac("return dnsDomainIs(host, '.office.com') ? 'DIRECT' : 'PROXY p.test:1; DIRECT'")
    system = world.system(ProxySettings("user", pac_url=url, proxies=MANUAL))
    assert await said(system) == ("direct", "pac", "")
    ways = await system.ways(OUTLOOK.model_copy(update={"host": "www.other.test"}))
    assert [way.name for way in ways.ways] == ["proxy p.test:1", "direct"]


async def test_what_a_file_says_of_many_names(world: World) -> None:
    """Names that go directly and names that go through a proxy, each once; a file that fails for one says why and nothing of it."""
    names = [OUTLOOK.model_copy(update={"host": host}) for host in ("b.test", "a.test", "c.test", "a.test", "bad.test")]
    url = world.pac("if (host == 'bad.test') throw 'up'; return host == 'c.test' ? 'HTTPS p.test:1; DIRECT' : 'DIRECT'")
    told = await world.system(ProxySettings("user", pac_url=url)).pac(names)
    assert told is not None
    assert (told.direct, told.proxied, told.failure) == (["a.test", "b.test"], {"c.test": "p.test:1"}, "pac: threw up")
    assert len(told.digest) == 16
    gone = await world.system(ProxySettings("user", pac_url="file:///none")).pac(names)
    assert gone == PacFacts(failure="pac: not_found")
    assert await world.system(ProxySettings("user", proxies=MANUAL)).pac(names) is None


async def test_wpad_comes_first(world: World) -> None:
    """Where the system is to detect a file, that one decides; where there is none the configured file does, and the note says so."""
    world.net.names = {"wpad.lyon.test": Resolution("kernel", ("192.0.2.1",))}
    body = b"function FindProxyForURL() { return 'PROXY found.test:1'; }"
    world.net.sites = {"wpad.lyon.test:80": Fetched("kernel", status=200, body=body)}
    settings = ProxySettings("user", auto_detect=True, pac_url=world.pac("return 'PROXY p.test:1'"))
    assert await said(world.system(settings, domains=("lyon.test",))) == ("proxy found.test:1", "wpad", "")
    assert await said(world.system(settings, domains=("paris.test",))) == ("proxy p.test:1", "pac", "wpad: not_found")


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("throw 'no proxy for 10.1.2.3 or www.secret.test'", "pac: threw no proxy for * or *"),
        ("return 5", "pac: not_text"),
    ],
)
async def test_a_file_that_fails_is_passed_over(world: World, body: str, note: str) -> None:
    """Fixed settings decide in its place, else the way is direct; the note says why and names nobody."""
    url = world.pac(body)
    assert await said(world.system(ProxySettings("user", pac_url=url, proxies=MANUAL))) == ("proxy manual.test:8080", "settings", note)
    assert await said(world.system(ProxySettings("user", pac_url=url))) == ("direct", "pac", note)


async def test_names_are_looked_up_by_our_own_network(world: World) -> None:
    """What a file wants resolved is asked of this machine's resolver."""
    world.net.names = {"outlook.office.com": Resolution("kernel", ("52.96.0.1",))}
    system = world.system(ProxySettings("user", pac_url=world.pac("return 'PROXY ' + dnsResolve(host) + ':1'")))
    assert (await said(system))[0] == "proxy 52.96.0.1:1"
    assert world.net.looked_up == ["outlook.office.com"]


async def test_own_configuration_stands_in_the_systems_place(world: World) -> None:
    """A file named in the agent's own configuration counts and the system's settings do not; it too may be missing."""
    url = world.pac("return 'PROXY own.test:1'")
    assert await said(world.system(ProxySettings("user", proxies=MANUAL), OwnProxy(pac=url))) == ("proxy own.test:1", "pac", "")
    missing = OwnProxy(pac=(world.folder / "none").as_uri(), wpad=True)
    told = await said(world.system(ProxySettings("user", proxies=MANUAL), missing))
    assert told == ("direct", "pac", "wpad: no search domain; pac: not_found")


async def test_answers_hold_for_the_files_life(world: World) -> None:
    """Settings are read and a file is run once in its life; after it both are, and a changed file changes the way."""
    system = world.system(ProxySettings("user", pac_url=world.pac("return 'PROXY one.test:1'")))
    assert (await said(system))[0] == "proxy one.test:1"
    world.pac("return 'PROXY two.test:2'")
    world.clock.now += LIFE_S - 1
    assert (await said(system))[0] == "proxy one.test:1"
    assert world.platform.asked == 1
    world.clock.now += 1
    assert (await said(system))[0] == "proxy two.test:2"


async def test_a_file_that_is_gone_is_kept(world: World) -> None:
    """A file that cannot be had any more goes on deciding, and is asked for again sooner."""
    system = world.system(ProxySettings("user", pac_url=world.pac("return 'PROXY one.test:1'")))
    await said(system)
    (world.folder / "proxy.pac").unlink()
    world.clock.now += LIFE_S
    assert await said(system) == ("proxy one.test:1", "pac", "pac: not_found")
    world.pac("return 'PROXY two.test:2'")
    world.clock.now += RETRY_S
    assert await said(system) == ("proxy two.test:2", "pac", "")


async def test_another_files_text_is_not_kept(world: World) -> None:
    """Where the settings name another file that is not there, the former one has no say."""
    system = world.system(ProxySettings("user", pac_url=world.pac("return 'PROXY one.test:1'")))
    await said(system)
    world.platform.settings = ProxySettings("user", pac_url="file:///none")
    world.clock.now += LIFE_S
    assert await said(system) == ("direct", "pac", "pac: not_found")


async def test_no_wpad_is_no_hurry(world: World) -> None:
    """Most machines that are to detect a proxy find none: it is looked for once in a file's life, not once a cycle."""
    system = world.system(ProxySettings("user", auto_detect=True), domains=("lyon.test",))
    assert await said(system) == ("direct", "wpad", "wpad: not_found")
    world.clock.now += RETRY_S
    await said(system)
    assert world.net.looked_up == ["wpad.lyon.test"]


async def test_a_dead_resolver_costs_a_bounded_time(world: World) -> None:
    """Names take their time once and together only so long; then the file goes on without names. Each is asked for once in a life."""

    class Slow(FakeNetwork):
        async def resolve(self, host: str, timeout_s: float | None = None) -> Resolution:
            world.clock.now += timeout_s or 0.0
            return await super().resolve(host, timeout_s)

    world.net = Slow()
    system = world.system(
        ProxySettings("user", pac_url=world.pac("return isResolvable('same.test') || isResolvable(host) ? 'PROXY p.test:1' : 'DIRECT'"))
    )
    for number in range(20):
        assert (await said(system, OUTLOOK.model_copy(update={"host": f"h{number}.test"})))[0] == "direct"
    assert len(world.net.looked_up) == LOOKUPS_S / LOOKUP_S
    assert world.net.looked_up.count("same.test") == 1


async def test_a_server_that_never_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PAC server that takes the question and is silent costs a bounded time, and the settings decide without it."""

    class Silent(FakeNetwork):
        async def fetch(self, request: Exchange) -> Fetched:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(room, "FETCH_S", 0.01)
    world.net = Silent({"pac.test": Resolution("kernel", ("192.0.2.1",))})
    settings = ProxySettings("user", pac_url="http://pac.test/", proxies=MANUAL)
    assert await said(world.system(settings)) == ("proxy manual.test:8080", "settings", "pac: timeout")


@pytest.mark.parametrize(
    ("protocol", "way"), [("http", "PROXY h.test:1"), ("https", "PROXY s.test:2"), ("wss", "PROXY s.test:2"), ("quic", "PROXY s.test:2")]
)
def test_each_scheme_has_its_proxy(protocol: Protocol, way: str) -> None:
    """Plain and encrypted requests have proxies of their own; `all` stands for a missing one."""
    target = OUTLOOK.model_copy(update={"protocol": protocol})
    assert fixed(ProxySettings("user", proxies={"http": "PROXY h.test:1", "https": "PROXY s.test:2"}), target) == way
    assert fixed(ProxySettings("user", proxies={"all": "PROXY a.test:3"}), target) == "PROXY a.test:3"


def test_what_a_file_is_asked_about() -> None:
    """Of an encrypted request the path is kept from the file; a port that is not the usual one is told."""
    path = {"path": "/secret"}
    assert url_of(OUTLOOK.model_copy(update=path)) == "https://outlook.office.com/"
    assert url_of(OUTLOOK.model_copy(update=path | {"protocol": "wss", "port": 8443})) == "wss://outlook.office.com:8443/"
    assert url_of(OUTLOOK.model_copy(update=path | {"protocol": "http", "port": 80})) == "http://outlook.office.com/secret"
    assert url_of(OUTLOOK.model_copy(update={"host": "2001:db8::1"})) == "https://[2001:db8::1]/"
