"""The system route through everything that is ours: environment, PAC file from a web server, WPAD, proxies, passwords, front door."""

import base64
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest

from agent.network.net import Network
from agent.network.open import open_network
from agent.network.settings import NetworkSettings
from agent.network.system import SystemWays
from agent.pac.asking import Evaluator
from agent.platform.environment import environment_proxies
from agent.platform.port import ProxySettings
from agent.probes import web
from tests.fakes.network import FakeClock
from tests.fakes.places import HELLO, Authority, Handler, Resolver, answers, listening, proxy, resolving
from wire.facts import WebFacts
from wire.observation import WebObservation
from wire.target import DIRECT, SYSTEM, Route, Target

TARGET = Target(host="outlook.test", category="Control", workload="Control")
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\nProxy-agent: box/1\r\n\r\n"
DEMANDS = b'HTTP/1.1 407 Who\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'


@dataclass
class Machine:
    """Settings of a machine that has no other peculiarity."""

    settings: ProxySettings
    domains: tuple[str, ...] = ()

    async def proxies(self) -> tuple[ProxySettings, ...]:
        """Return the settings."""
        return (self.settings,)

    async def search_domains(self) -> tuple[str, ...]:
        """Return the search domains."""
        return self.domains


def pac(text: str) -> Handler:
    """Return a web server's handler for a PAC file."""
    body = f"function FindProxyForURL(url, host) {{ {text} }}".encode()
    return answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


@contextlib.asynccontextmanager
async def office(
    machine: Machine, script: str = "", *, tunnels: bytes = ESTABLISHED, logins: Mapping[str, str] | None = None
) -> AsyncIterator[Network]:
    """Serve front door, proxy `box.office.test:3128`, and PAC file at `wpad.office.test`; yield the network of a machine there."""
    names = dict.fromkeys(("outlook.test", "box.office.test", "wpad.office.test"), ("A 127.0.0.1",))
    async with contextlib.AsyncExitStack() as stack:
        door = await stack.enter_async_context(listening(answers(HELLO), Authority().server("outlook.test")))
        box = await stack.enter_async_context(listening(proxy(tunnels, door if tunnels == ESTABLISHED else None)))
        pages = await stack.enter_async_context(listening(pac(script)))
        place = await stack.enter_async_context(resolving(Resolver(names)))
        there = {"outlook.test:443": door, "box.office.test:3128": box, "wpad.office.test:80": pages, "gone.office.test:1": 1}
        connect = {name: f"127.0.0.1:{port}" for name, port in there.items()}
        own = NetworkSettings((place,), connect, ipv6=False, logins=logins or {})
        evaluator = Evaluator()
        stack.push_async_callback(evaluator.close)
        yield open_network(own, system=SystemWays(open_network(own), machine, evaluator))


async def measured(net: Network, route: Route = SYSTEM) -> tuple[WebObservation, WebFacts]:
    """Return what the web probe says."""
    one = await web.measure(TARGET, route, net, FakeClock())
    assert isinstance(one.observation, WebObservation)
    assert isinstance(one.facts, WebFacts)
    return one.observation, one.facts


def variables(**values: str) -> Machine:
    """Return a machine with these variables in its environment."""
    return Machine(environment_proxies(values) or ProxySettings("environment"))


async def test_environment() -> None:
    """A proxy of the environment is gone through; its CONNECT is timed, and the front door's chain is the same as without it."""
    async with office(variables(https_proxy="http://anna:secret@box.office.test:3128")) as net:
        seen, facts = await measured(net)
        _, direct = await measured(net, DIRECT)
    assert (facts.via, facts.via_source, facts.failure, seen.status) == ("proxy box.office.test:3128", "environment", None, 200)
    assert facts.headers["connect.proxy-agent"] == "box/1"
    assert seen.proxy_ms is not None
    assert seen.address is None
    assert facts.chain == direct.chain
    assert (direct.via, direct.via_source) == (None, None)


@pytest.mark.parametrize("rule", ["outlook.test", ".test", "*"])
async def test_no_proxy(rule: str) -> None:
    """What the environment exempts goes directly, and the facts say that it was the environment's choice."""
    async with office(variables(all_proxy="http://box.office.test:3128", no_proxy=rule)) as net:
        seen, facts = await measured(net)
    assert (facts.via, facts.via_source, seen.proxy_ms, seen.status) == ("direct", "environment", None, 200)


async def test_pac_file_and_the_way_behind_a_dead_proxy() -> None:
    """A PAC file from a web server decides; its first proxy is not there, so the second is used, as browsers do."""
    script = "return isInNet(host, '127.0.0.0', '255.0.0.0') ? 'PROXY gone.office.test:1; PROXY box.office.test:3128; DIRECT' : 'DIRECT'"
    async with office(Machine(ProxySettings("user", pac_url="http://wpad.office.test/proxy.pac")), script) as net:
        seen, facts = await measured(net)
    assert (facts.via, facts.via_source, seen.status) == ("proxy box.office.test:3128", "pac", 200)


async def test_wpad() -> None:
    """A machine that is to detect its proxy finds the file by its search domain."""
    async with office(Machine(ProxySettings("user", auto_detect=True), ("office.test",)), "return 'PROXY box.office.test:3128'") as net:
        _, facts = await measured(net)
    assert (facts.via, facts.via_source) == ("proxy box.office.test:3128", "wpad")


async def test_pac_file_that_loops() -> None:
    """A file that never answers costs its second, and the way is what the settings say without it."""
    async with office(Machine(ProxySettings("user", pac_url="http://wpad.office.test/")), "for (;;);") as net:
        seen, facts = await measured(net)
    assert (facts.via, facts.via_source, seen.status) == ("direct", "pac", 200)


async def test_password_demanded() -> None:
    """A proxy that demands a password we do not have is a failure of its own, with the schemes it named; it is no reason to go past it."""
    script = "return 'PROXY box.office.test:3128; DIRECT'"
    async with office(Machine(ProxySettings("user", pac_url="http://wpad.office.test/")), script, tunnels=DEMANDS) as net:
        seen, facts = await measured(net)
    assert (facts.failure, facts.stage, facts.via) == ("proxy_auth", "proxy", "proxy box.office.test:3128")
    assert facts.headers == {"connect.proxy-authenticate": 'Negotiate, Basic realm="x"'}
    assert seen.error == "the proxy answered 407 to CONNECT and demands Negotiate, Basic"


async def test_password_given() -> None:
    """The password of the agent's configuration opens the tunnel and is in no fact."""
    logins = {"box.office.test:3128": "anna:secret"}
    async with office(variables(https_proxy="http://box.office.test:3128"), logins=logins) as net:
        _, facts = await measured(net)
    assert (facts.failure, facts.via) == (None, "proxy box.office.test:3128")
    assert base64.b64encode(b"anna:secret").decode() not in facts.model_dump_json()
