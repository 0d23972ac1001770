"""The staged upgrade over real sockets: alive and lost after silence, refusals, lies, through a proxy; each stage that can fail."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.network.clock import KernelClock, LoopClock, SampleClock
from agent.network.net import Exchange, Upgraded
from agent.network.proxy import Logins
from agent.network.settings import Timeouts
from agent.network.upgrade import Upgrade
from demo.authority import PublicAuthorities, Shelf
from demo.world import http1, websocket
from demo.world.doors import door_contexts, front_doors
from demo.world.services import Answer, FrontDoor
from tests.demo.world.conftest import NOW
from tests.fakes.places import Authority, Handler, answers, listening, proxy, silent
from wire.target import DIRECT, Route, Target
from wire.vocabulary import Failure

HOST = "teams.microsoft.com"
LIMITS = Timeouts.every(5.0)


def target(port: int, host: str = "good.test") -> Target:
    """Return a WebSocket target at a port."""
    return Target(host=host, port=port, protocol="wss", category="Default", workload="Common", path="/chat")


async def upgraded(
    port: int, route: Route = DIRECT, idle_s: float = 0.0, limits: Timeouts = LIMITS, clock: SampleClock | None = None
) -> Upgraded:
    """Upgrade a connection to a port of loopback."""
    return await Upgrade(Exchange(target(port), route, "127.0.0.1"), clock or KernelClock(), limits, {}, Logins({}), idle_s).upgraded()


async def served(handler: Handler, idle_s: float = 0.0, limits: Timeouts = LIMITS) -> Upgraded:
    """Upgrade a connection to a scripted TLS server."""
    async with listening(handler, Authority().server("good.test")) as port:
        return await upgraded(port, idle_s=idle_s, limits=limits)


def then(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> Handler:
    """Return a handler that takes the upgrade and then does as told."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def answering(request: http1.Request) -> Answer:
            return websocket.accepted(request) or Answer(400, ())

        if await http1.serve(reader, writer, answering) is not None:
            done = talk(reader, writer)
            if asyncio.iscoroutine(done):
                await done

    return handler


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Behave as a server should."""
    await websocket.echo(reader, writer, b"")


@pytest.mark.parametrize("clock", [KernelClock(), LoopClock()], ids=["kernel", "loop"])
async def test_alive(tmp_path: Path, clock: SampleClock) -> None:
    """A front door upgrades, outlives the silence and answers the ping; every stage has its time and the chain is kept."""
    public = PublicAuthorities(Shelf(tmp_path, NOW))
    async with front_doors(FrontDoor("FRA", 1), door_contexts(public, (HOST,))) as port:
        exchange = Exchange(target(port, HOST), DIRECT, "127.0.0.1")
        seen = await Upgrade(exchange, clock, LIMITS, {}, Logins({}), 0.05).upgraded()
    assert (seen.failure, seen.status, seen.upgraded, seen.idle) == (None, 101, True, "alive")
    assert (seen.tls, seen.alpn, seen.chain) == ("TLSv1.3", "http/1.1", public.leaf(HOST).chain)
    assert None not in {seen.connect_ms, seen.tls_ms, seen.upgrade_ms, seen.ping_ms}
    assert seen.idle_s is not None
    assert 0.0 <= seen.idle_s < 5
    assert seen.clock == clock.name


async def test_lost_in_silence() -> None:
    """A connection closed while it lay idle is lost, after so long, and the failure says how."""
    seen = await served(then(lambda _, writer: writer.close()), idle_s=30.0)
    assert (seen.upgraded, seen.idle, seen.failure, seen.stage) == (True, "lost", "closed", "body")
    assert seen.idle_s is not None
    assert seen.idle_s < 20
    assert seen.ping_ms is None


async def test_lost_by_a_close_frame() -> None:
    """A close frame is a loss too."""
    seen = await served(then(lambda _, writer: writer.write(websocket.frame(0x8, b"\x03\xe9"))), idle_s=30.0)
    assert (seen.idle, seen.failure, seen.error) == ("lost", "closed", "the server sent a close frame")


async def test_lost_without_a_word() -> None:
    """A connection that a device has forgotten takes the ping and answers nothing: lost by timeout."""
    seen = await served(then(silent), idle_s=0.0, limits=Timeouts.every(0.3))
    assert (seen.idle, seen.failure, seen.stage) == ("lost", "timeout", "body")


async def test_pings_of_the_server() -> None:
    """A server's own pings are answered, its messages read over, and the silence goes on."""
    pongs = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(websocket.frame(0x9, b"you?") + websocket.frame(0x1, b"news"))
        pongs.append(await reader.readexactly(10))
        await echo(reader, writer)

    seen = await served(then(talk), idle_s=0.1)
    assert (seen.idle, seen.failure) == ("alive", None)
    assert pongs[0][:2] == b"\x8a\x84"


async def test_broken_frames() -> None:
    """What breaks the protocol after the upgrade ends it, and counts as lost."""
    seen = await served(then(lambda _, writer: writer.write(b"\xff" * 500)), idle_s=30.0)
    assert (seen.upgraded, seen.idle, seen.failure) == (True, "lost", "http_protocol")


@pytest.mark.parametrize(
    ("reply", "status", "failure"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nServer: squid/5.7\r\nContent-Length: 0\r\n\r\n", 403, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, None),
        (
            b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            101,
            "http_protocol",
        ),
        (b"nonsense\r\n\r\n", None, "http_protocol"),
        (b"", None, "closed"),
        (b"HTTP/1.1 101 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n", None, "too_large"),
    ],
    ids=["refused", "stripped", "lie", "nonsense", "closed", "endless"],
)
async def test_answers_other_than_an_upgrade(reply: bytes, status: int | None, failure: Failure | None) -> None:
    """Another status is a fact without failure; what is no answer, or a lie, is a failure. None is upgraded."""
    seen = await served(answers(reply))
    assert (seen.status, seen.failure, seen.upgraded, seen.idle) == (status, failure, False, "")
    assert (seen.upgrade_ms is not None) == (status is not None)


async def test_no_answer() -> None:
    """A server that takes the request and says nothing is a timeout in stage `first_byte`."""
    seen = await served(silent, limits=Timeouts.every(0.3))
    assert (seen.failure, seen.stage, seen.upgraded) == ("timeout", "first_byte", False)


async def test_through_a_proxy() -> None:
    """By CONNECT the upgrade is the far end's; a proxy that refuses is the same failure as for the web."""
    async with (
        listening(then(echo), Authority().server("good.test")) as port,
        listening(proxy(b"HTTP/1.1 200 OK\r\n\r\n", port)) as good,
        listening(proxy(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n")) as asking,
    ):
        routes = [Route(name="office", kind="proxy", proxy=f"127.0.0.1:{one}") for one in (good, asking)]
        through, refused = [await upgraded(port, route) for route in routes]
    assert (through.failure, through.upgraded, through.idle) == (None, True, "alive")
    assert through.proxy_ms is not None
    assert (refused.failure, refused.stage, refused.proxy_status) == ("proxy_auth", "proxy", 407)


async def test_earlier_stages() -> None:
    """A refused connection and a broken handshake are told as for any exchange."""
    async with listening(silent) as gone:
        pass
    seen = await upgraded(gone)
    assert (seen.failure, seen.stage) == ("refused", "connect")
    async with listening(answers(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as plain:
        seen = await upgraded(plain, limits=Timeouts.every(0.5))
    assert seen.stage == "tls"
