"""The front doors one site reaches: one TLS server for every name, each with its own certificate and answer, HTTP/2 and HTTP/1.1.

An upgrade to WebSocket (HTTP/1.1) is taken on every name.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from demo.authority import PublicAuthorities
from demo.world import http1, http2, websocket
from demo.world.http1 import host_of
from demo.world.listening import by_name, listening, serving_leaf
from demo.world.services import Answer, FrontDoor

_ALPN = ("h2", "http/1.1")


def door_contexts(public: PublicAuthorities, hosts: tuple[str, ...]) -> dict[str, ssl.SSLContext]:
    """Return the server context of each name; names of one certificate share one. Raises UnusableFolder."""
    files = {host: public.leaf(host).file for host in hosts}
    made = {file: serving_leaf(file, _ALPN) for file in set(files.values())}
    return {host: made[file] for host, file in files.items()}


def front_doors(door: FrontDoor, contexts: Mapping[str, ssl.SSLContext]) -> AbstractAsyncContextManager[int]:
    """Serve every name of `contexts` on a port, which is yielded."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def answering(request: http1.Request) -> Answer:
            host = host_of(request.headers)
            await asyncio.sleep(door.think_s(host))
            return websocket.accepted(request) or door.answer(host, datetime.now(UTC))

        if writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            await http2.serve(reader, writer, answering)
        elif (begun := await http1.serve(reader, writer, answering)) is not None:
            await websocket.echo(reader, writer, begun)

    return listening(serve, by_name(contexts, _ALPN))
