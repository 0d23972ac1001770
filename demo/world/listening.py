"""One server on a free port of loopback, plain or with certificates by name. Its connections end with it; its peers may break off any time.

No protocol is spoken here.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import h2.exceptions
import h11

from demo.world.config import LOOPBACK

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BROKEN_OFF = (OSError, EOFError, h11.ProtocolError, h2.exceptions.ProtocolError)
"""What a peer that goes away or talks nonsense can cause (`ssl.SSLError` is an OSError): the end of its connection, nobody's error."""


@asynccontextmanager
async def listening(handler: Handler, context: ssl.SSLContext | None = None, place: socket.socket | None = None) -> AsyncIterator[int]:
    """Serve `handler` and yield the port. Connections still open at the end are cut.

    `place` is a bound socket to serve on: a laboratory's, in a network of its own. Without, a free port of loopback.
    """
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs has one
        tasks.add(task)
        try:
            await handler(reader, writer)
        except* BROKEN_OFF:
            writer.transport.abort()
        finally:
            writer.close()
            tasks.discard(task)

    server = await (
        asyncio.start_server(serve, sock=place, ssl=context) if place else asyncio.start_server(serve, LOOPBACK, 0, ssl=context)
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def by_name(contexts: Mapping[str, ssl.SSLContext], alpn: Sequence[str]) -> ssl.SSLContext:
    """Return a server context that shows the certificate of the name asked for; other names end in the handshake."""

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        context = contexts.get((name or "").lower())
        if context is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = context
        return None

    entry = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    entry.sni_callback = choose
    if alpn:
        entry.set_alpn_protocols(list(alpn))
    return entry


def serving_leaf(file: Path, alpn: Sequence[str]) -> ssl.SSLContext:
    """Return a server context with key and chain of a file; without `alpn` none is chosen, whatever is offered."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
