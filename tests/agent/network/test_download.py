"""A file read for throughput, from a server on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from agent.network import download as module
from agent.network.channel import MAX_BYTES
from agent.network.net import Exchange, Fetched
from agent.network.open import open_network
from agent.network.settings import NetworkSettings, Timeouts
from tests.fakes.places import listening
from wire.target import DIRECT, Target

SIZE = 600_000


class Server:
    """Sends a file in pieces; counts connections. `halt` is how many bytes come before it falls silent."""

    def __init__(self) -> None:
        self.connections = 0
        self.halt = SIZE
        self.go = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; a connection that asks nothing is a connect beside it."""
        self.connections += 1
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            for first in range(0, self.halt, 50_000):
                writer.write(bytes(min(50_000, self.halt - first)))
                await writer.drain()
            await self.go.wait()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, Target]]:
    """Give a server and the target of its file."""
    one = Server()
    running = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    yield one, Target(host="files.test", port=port, protocol="http", path="/15mb", category="Default", workload="Common")
    one.go.set()
    running.close()


async def fetched(target: Target, enough: int, body_s: float, monkeypatch: pytest.MonkeyPatch) -> Fetched:
    """Read the file as the plan's download."""
    monkeypatch.setattr(module, "BODY_S", body_s)
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    settings = NetworkSettings(timeouts=Timeouts.every(5.0), download=(target.host, target.port, target.path, enough))
    return await open_network(settings).fetch(Exchange(target, DIRECT, "127.0.0.1"))


async def test_no_more_than_wanted(server: tuple[Server, Target], monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops at the bytes the plan allows, however long the file is, and keeps none of them."""
    seen = await fetched(server[1], 200_000, 5.0, monkeypatch)
    assert (seen.failure, seen.status, seen.body) == (None, 200, b"")
    assert seen.body_bytes is not None
    assert 200_000 <= seen.body_bytes < 300_000
    assert seen.throughput_mbps is not None
    assert seen.throughput_mbps > 1


async def test_a_slow_file_is_no_failure(server: tuple[Server, Target], monkeypatch: pytest.MonkeyPatch) -> None:
    """What came until the time was over is the speed; connects beside it tell what the line does to others."""
    server[0].halt = 100_000
    seen = await fetched(server[1], SIZE, 0.4, monkeypatch)
    assert (seen.failure, seen.body_bytes, seen.body_ms) == (None, 100_000, 400.0)
    assert seen.throughput_mbps == 2.0
    assert server[0].connections > 2
    assert seen.bloat_ms is not None


async def test_a_file_that_is_not_there(server: tuple[Server, Target], monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure stays one, and has no speed."""
    nobody = server[1].model_copy(update={"port": 1})
    seen = await fetched(nobody, 200_000, 1.0, monkeypatch)
    assert (seen.failure, seen.throughput_mbps, seen.bloat_ms) == ("refused", None, None)


async def test_another_target_is_an_ordinary_one(server: tuple[Server, Target]) -> None:
    """Only the plan's file is read so; any other has no speed, and its body is capped as a page's is."""
    server[0].go.set()
    settings = NetworkSettings(download=("other.test", 443, "/x", 200_000))
    seen = await open_network(settings).fetch(Exchange(server[1], DIRECT, "127.0.0.1"))
    assert (seen.failure, seen.body_bytes, seen.throughput_mbps) == (None, SIZE, None)


async def test_a_file_larger_than_any_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound on what a connection may bring leaves room for the file that was asked for."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * MAX_BYTES))
            for _ in range(2 * MAX_BYTES // 65_536):
                writer.write(bytes(65_536))
                await writer.drain()
        writer.close()

    async with listening(serve) as port:
        target = Target(host="files.test", port=port, protocol="http", path="/15mb", category="Default", workload="Common")
        seen = await fetched(target, 2 * MAX_BYTES, 30.0, monkeypatch)
    assert (seen.failure, seen.body_bytes) == (None, 2 * MAX_BYTES)
