"""A UDP server on loopback whose answers are a function of what came: none, one or several. Scripted, no logic."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast

Answering = Callable[[bytes], Sequence[bytes]]


class _Server(asyncio.DatagramProtocol):
    def __init__(self, answering: Answering, sources: list[int]) -> None:
        self._answering = answering
        self._sources = sources

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._sources.append(addr[1])
        for answer in self._answering(data):
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def answering_datagrams(answering: Answering, sources: list[int] | None = None) -> AsyncIterator[int]:
    """Answer on a UDP port, which is yielded; `sources` takes the source port of all that came."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Server(answering, sources if sources is not None else []), ("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
