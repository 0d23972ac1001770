"""Passes bytes on, both ways, each a distance later than it came: what a way of some milliseconds does to all but the TCP handshake.

The handshake itself is the kernel's, on loopback, and takes no time: nothing here can delay it without privileges. So a relayed
connection shows its distance in TLS and first byte, and connects in a fraction of a millisecond. Nothing is read or changed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

from demo.world.config import LOOPBACK
from demo.world.listening import listening

_READ = 65_536
_PIECES = 64
"""Pieces under way at once in one direction; more wait at the sender, as in a full window."""


class Way(NamedTuple):
    """Where a relay leads: a port of loopback, and how long one way takes."""

    port: int
    delay_s: float


def relaying(way: Callable[[], Way]) -> AbstractAsyncContextManager[int]:
    """Relay connections of a port, which is yielded, to where `way` points at the moment they come."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port, delay_s = way()
        async with connected(port) as (far_reader, far_writer), asyncio.TaskGroup() as group:
            group.create_task(_carry(reader, far_writer, delay_s), name="there")
            group.create_task(_carry(far_reader, writer, delay_s), name="back")

    return listening(relay)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect to a port of loopback for the time of the body. Raises OSError."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    """Carry one direction to its end. Raises OSError when either side breaks off."""
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_PIECES)
    async with asyncio.TaskGroup() as group:
        group.create_task(_take(reader, under_way, delay_s), name="take")
        group.create_task(_give(under_way, writer), name="give")


async def _take(reader: asyncio.StreamReader, under_way: asyncio.Queue[tuple[float, bytes]], delay_s: float) -> None:
    now = asyncio.get_running_loop().time
    data = b"?"
    while data:
        data = await reader.read(_READ)
        await under_way.put((now() + delay_s, data))


async def _give(under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
    now = asyncio.get_running_loop().time
    while True:
        due, data = await under_way.get()
        await asyncio.sleep(max(0.0, due - now()))
        if not data:
            writer.write_eof()
            return
        writer.write(data)
        await writer.drain()
