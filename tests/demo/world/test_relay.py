"""The relay: bytes unchanged both ways in their order, half-closed connections, and where it leads is asked at each connection."""

import asyncio
import contextlib
import random

import pytest

from demo.world.listening import listening
from demo.world.relay import Way, connected, relaying


async def echo_at_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say back everything when the peer has closed its side."""
    data = await reader.read(-1)
    writer.write(data)
    await writer.drain()
    writer.write_eof()


@pytest.mark.parametrize("delay_s", [0.0, 0.002])
async def test_bytes_unchanged(delay_s: float) -> None:
    """A megabyte comes back whole through a half-closed connection, with a distance and without."""
    sent = random.Random(3).randbytes(1 << 20)
    async with listening(echo_at_end) as far, relaying(lambda: Way(far, delay_s)) as port, connected(port) as (reader, writer):
        writer.write(sent)
        writer.write_eof()
        assert await reader.read(-1) == sent


async def test_the_way_is_asked_each_time() -> None:
    """A change of way holds from the next connection on; one that is open keeps its own."""

    def saying(word: bytes):  # type: ignore[no-untyped-def] # noqa: ANN202 - a handler
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.readline():
                writer.write(word)

        return handler

    async with listening(saying(b"one\n")) as one, listening(saying(b"two\n")) as two:
        ways = [Way(one, 0.0)]
        async with relaying(lambda: ways[0]) as port, connected(port) as (old, ask_old):
            ask_old.write(b"?\n")
            assert await old.readline() == b"one\n"
            ways[0] = Way(two, 0.0)
            async with connected(port) as (new, ask_new):
                ask_new.write(b"?\n")
                assert await new.readline() == b"two\n"
            ask_old.write(b"?\n")
            assert await old.readline() == b"one\n"


async def test_nobody_there() -> None:
    """When the far end is closed the near one is closed too."""
    async with listening(echo_at_end) as closed:
        pass
    async with relaying(lambda: Way(closed, 0.0)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
