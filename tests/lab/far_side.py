"""The far side of the laboratory, on machine s: front doors under the real names and addresses, a resolver, the reflector.

The demo's doors, certificates and answers, on real ports of a network namespace. A scenario's `world` says what is different.
"""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aioquic.quic.configuration import QuicConfiguration

from demo.authority import Authority, name
from demo.world import http1, http2, http3, websocket
from demo.world.config import MEDIA, MEDIA_PORTS
from demo.world.http1 import Request, host_of
from demo.world.http3 import http3_doors
from demo.world.listening import by_name, listening
from demo.world.services import Answer, FrontDoor, service_of
from demo.world.turn import Manners, relaying_media
from tests.lab.isolation import network
from tests.lab.minting import Mint, context
from tests.lab.nodes import Nodes
from tests.lab.world_row import CLOUDFLARE, HTTP3, KINDS, PUBLIC_NEW, REFLECTOR, STRAY, WorldRow
from tests.lab.zone import Zone, resolving

_ALPN = ("h2", "http/1.1")
_CONTROL_PORTS = (8080, 5061)
"""Ports of the front doors beside 443: an intermediary that knows 443 and 80 only leaves them alone."""
_SITE = 40


class FarSide:
    """The world of one row of machines. `serving(row, hosts)` opens it for a scenario."""

    def __init__(self, nodes: Nodes, mint: Mint) -> None:
        self._nodes, self._mint = nodes, mint
        self._contexts: dict[Path, ssl.SSLContext] = {}
        self._quic: dict[Path, QuicConfiguration] = {}

    @asynccontextmanager
    async def serving(self, row: WorldRow, hosts: Sequence[str]) -> AsyncIterator[None]:
        """Serve these names as the scenario's row says. No other task of this process may make a socket while it opens."""
        names = tuple(dict.fromkeys([*hosts, *row.extra_hosts, REFLECTOR]))
        files = {host: self._leaf(host, row) for host in names}
        contexts = {host: self._context(file) for host, file in files.items()}
        door, zone = _Door(row), Zone(row, names)
        async with AsyncExitStack() as stack:
            with network(self._nodes.name("s")):
                await stack.enter_async_context(listening(door.secure, by_name(contexts, _ALPN), place=_bound(443)))
                await stack.enter_async_context(listening(door.plain, place=_bound(80)))
                for port in _CONTROL_PORTS:
                    await stack.enter_async_context(listening(_closes, place=_bound(port)))
                await stack.enter_async_context(resolving(zone))
                for address in [one for host in HTTP3 for one in zone.addresses(host)]:
                    loaded = {host: self._loaded(file) for host, file in files.items()}
                    await stack.enter_async_context(http3_doors(door.door, loaded, address, 443))
                for address in zone.addresses(MEDIA):
                    for port in MEDIA_PORTS:
                        await stack.enter_async_context(relaying_media(Manners(), address, port))
            yield

    def _leaf(self, host: str, row: WorldRow) -> Path:
        """Return the file of key and chain that serves a name."""
        kind = row.leaves.get(host) or row.leaves.get("*")
        if kind is None:
            return self._mint.public.leaf(host).file
        issuer, make = KINDS[kind]
        make = replace(make, begins=make.begins + row.ahead_s / 86_400)
        return self._mint.leaf(self._issuer(issuer, host), host, make)

    def _context(self, file: Path) -> ssl.SSLContext:
        if file not in self._contexts:
            self._contexts[file] = context(file, _ALPN)
        return self._contexts[file]

    def _loaded(self, file: Path) -> QuicConfiguration:
        if file not in self._quic:
            self._quic[file] = http3._loaded(file)
        return self._quic[file]

    def _issuer(self, which: str, host: str) -> Authority:
        public = self._mint.public
        if which == "usual":
            return public.control if service_of(host).name == "control" else public.microsoft
        if which == "stray":
            return self._mint.device(STRAY)
        subject = {"new": PUBLIC_NEW, "content": CLOUDFLARE}[which]
        return self._mint.shelf.authority(f"public {which}", name(**subject), public.root)


class _Door:
    """What the front doors answer, on 443 and on 80."""

    def __init__(self, row: WorldRow) -> None:
        self._row, self.door = row, FrontDoor(row.front_door, _SITE)

    async def secure(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one TLS connection."""
        answering = self._answering(writer, self._service)
        if writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            await http2.serve(reader, writer, answering)
        elif (begun := await http1.serve(reader, writer, answering)) is not None:
            await websocket.echo(reader, writer, begun)

    async def plain(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to port 80: Microsoft's hosts lead to HTTPS."""
        await http1.serve(reader, writer, self._answering(writer, _to_https))

    def _answering(self, writer: asyncio.StreamWriter, otherwise: Callable[[Request], Awaitable[Answer]]) -> http1.Answering:
        peer = writer.get_extra_info("peername")[0].removeprefix("::ffff:")

        async def answering(request: Request) -> Answer:
            return _reflected(request, peer) if host_of(request.headers) == REFLECTOR else await otherwise(request)

        return answering

    async def _service(self, request: Request) -> Answer:
        host = host_of(request.headers)
        await asyncio.sleep(self.door.think_s(host) + self._row.think_ms / 1000)
        if (upgrade := websocket.accepted(request)) is not None:
            return upgrade
        answer = self.door.answer(host, datetime.now(UTC) + timedelta(seconds=self._row.ahead_s))
        more = self._row.headers.get(host) or self._row.headers.get("*") or {}
        kept = [one for one in answer.headers if one[0] not in more]
        return Answer(302 if "Location" in more else answer.status, (*kept, *more.items()), answer.body)


async def _to_https(request: Request) -> Answer:
    where = f"https://{host_of(request.headers)}{request.path}"
    return Answer(301, (("Location", where), ("Server", "Microsoft-HTTPAPI/2.0")))


def _reflected(request: Request, peer: str) -> Answer:
    """Answer as the centre's reflector does."""
    headers = [f"{field}: {value}"[:256] for field, value in request.headers[:64]]
    body = json.dumps({"address": peer, "headers": headers}).encode()
    return Answer(200, (("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store")), body)


async def _closes(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


def _bound(port: int) -> socket.socket:
    """Return a socket for a port of every address, both families."""
    made = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.bind(("::", port))
    made.settimeout(0)
    return made
