"""The stamped socket: what marks a stamp doubtful, and that time limits leave nothing behind."""

import asyncio
import socket

import pytest

from agent.network.channel import MAX_BYTES, READ_BYTES, Channel
from agent.network.clock import Read, SampleClock, sample_clock
from agent.network.failure import Failed
from agent.network.loop import LAG_NS, WatchedLoop
from tests.fakes.places import listening, silent
from wire.vocabulary import Clock


class ScriptedClock:
    """A clock whose word, exactness and segment count a test sets; `late_ns` is how long ago each read's stamp was."""

    def __init__(self, name: Clock, *, late_ns: int = 0, segments_a_read: int = 1, exact: bool = True) -> None:
        self._name = name
        self._late_ns = late_ns
        self._each = segments_a_read
        self._exact = exact
        self._seen = 0

    @property
    def name(self) -> Clock:
        """Return the scripted word."""
        return self._name

    def now(self) -> int:
        """Return a fixed present."""
        return 10_000_000_000

    def drift_ns(self) -> int:
        """Return no drift."""
        return 0

    def prepare(self, sock: socket.socket) -> None:
        """Ask for nothing."""

    def read(self, sock: socket.socket, size: int) -> Read:
        """Read for real, stamp by script."""
        data = sock.recv(size)
        self._seen += self._each
        return Read(data, self.now() - self._late_ns, self._exact)

    def connected(self, sock: socket.socket, started: int) -> int:
        """Return the fixed present."""
        return self.now()

    def segments(self, sock: socket.socket) -> int:
        """Return the scripted count."""
        return self._seen


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what came."""
    while data := await reader.read(100):
        writer.write(data)


@pytest.mark.parametrize(
    ("clock", "first", "doubtful"),
    [
        (ScriptedClock("kernel"), True, False),
        (ScriptedClock("kernel", late_ns=2 * LAG_NS), True, False),
        (ScriptedClock("kernel", segments_a_read=3), True, False),
        (ScriptedClock("kernel", late_ns=2 * LAG_NS, segments_a_read=3), True, True),
        (ScriptedClock("kernel", late_ns=2 * LAG_NS, segments_a_read=3), False, False),
        (ScriptedClock("kernel", exact=False), False, True),
        (ScriptedClock("loop"), True, False),
        (ScriptedClock("loop", late_ns=2 * LAG_NS), False, True),
    ],
    ids=["in time", "late alone", "merged in time", "late and merged", "last is right", "unstamped", "loop", "loop late"],
)
async def test_doubt(clock: SampleClock, first: bool, doubtful: bool) -> None:  # noqa: FBT001 - a table's columns
    """A kernel stamp is doubtful where several segments came to a late loop and the first is meant; a loop's stamp when it was late."""
    async with listening(echo) as port:
        with Channel("127.0.0.1", port, socket.SOCK_STREAM, clock) as channel:
            await channel.connect()
            await channel.send(b"x")
            assert (await channel.receive()).data == b"x"
            assert channel.doubtful(first_of_several=first) is doubtful


async def _talk() -> bytes:
    async with listening(echo) as port:
        with Channel("127.0.0.1", port, socket.SOCK_STREAM, sample_clock("auto")) as channel:
            await channel.connect()
            await channel.send(b"hello")
            return (await channel.receive_some()).data


def test_on_the_watched_loop() -> None:
    """The agent's own loop carries the traffic and knows how deaf it was."""
    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        assert runner.run(_talk()) == b"hello"


def test_on_uvloop() -> None:
    """The optional loop has no watch and carries the same traffic."""
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(_talk()) == b"hello"


async def test_close() -> None:
    """A close is no bytes, and where bytes are needed it is a failure."""
    async with listening(echo) as port:
        with Channel("127.0.0.1", port, socket.SOCK_STREAM, sample_clock("auto")) as channel:
            await channel.connect()
            channel._sock.shutdown(socket.SHUT_WR)
            assert (await channel.receive()).data == b""
            with pytest.raises(Failed, match="closed"):
                await channel.receive_some()


async def test_more_than_the_socket_takes() -> None:
    """A send larger than the socket's buffer waits for room and sends all."""
    size = 8 << 20
    total = 0
    done = asyncio.Event()

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal total
        while data := await reader.read(1 << 20):
            total += len(data)
        done.set()

    async with listening(count) as port:
        with Channel("127.0.0.1", port, socket.SOCK_STREAM, sample_clock("auto")) as channel:
            await channel.connect()
            await channel.send(bytes(size))
        await done.wait()
    assert total == size


async def test_cancelled_wait_leaves_no_reader() -> None:
    """A wait that is cut short takes its reader off the loop."""
    async with listening(silent) as port:
        with Channel("127.0.0.1", port, socket.SOCK_STREAM, sample_clock("auto")) as channel:
            await channel.connect()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await channel.receive()
            assert asyncio.get_running_loop().remove_reader(channel._sock.fileno()) is False


async def test_no_more_than_a_connection_may_bring() -> None:
    """A peer that never stops is cut off at the bound, in whichever stage it is."""

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * READ_BYTES)
            await writer.drain()

    taken = 0
    async with listening(flood) as port:
        with Channel("127.0.0.1", port, socket.SOCK_STREAM, sample_clock("auto")) as channel:
            await channel.connect()
            with pytest.raises(Failed, match="on one connection"):  # noqa: PT012 - it is the loop that must end
                while True:
                    taken += len((await channel.receive()).data)
    assert MAX_BYTES - READ_BYTES < taken <= MAX_BYTES
