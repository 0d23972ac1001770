"""A stand-in world on loopback: front doors that speak TLS with HTTP/2, a resolver, a reflector. For whole-agent tests and benchmarks.

The names are Microsoft's, the certificates a laboratory authority's; an agent finds it by its local `[lab]` map and `[trust]` roots.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import h2.config
import h2.connection
import h2.events
import trustme

REFLECTOR = "reflector.lab.example"
BODY = b"<html>" + b"x" * 2000 + b"</html>"
HEADERS = [
    (":status", "200"),
    ("content-type", "text/html; charset=utf-8"),
    ("server", "Microsoft-IIS/10.0"),
    ("x-feserver", "FR0P281CA0001"),
    ("x-requestid", "11111111-2222-3333-4444-555555555555"),
    ("alt-svc", 'h3=":443";ma=2592000'),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
]
"""About what outlook.office365.com sends."""


@dataclass(frozen=True, slots=True)
class World:
    """Where the front door of each host, the reflector and the resolver listen, and the file with the laboratory's root."""

    connect: dict[str, str]
    resolver: str
    roots: Path


class _FrontDoor(asyncio.Protocol):
    """One HTTP/2 connection: every request gets the same page."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._h2.initiate_connection()
        transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self._h2.send_headers(event.stream_id, HEADERS)
                self._h2.send_data(event.stream_id, BODY, end_stream=True)
        self._transport.write(self._h2.data_to_send())


class _Resolver(asyncio.DatagramProtocol):
    """Two addresses behind an alias for every name; no IPv6."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # a selector loop's does not derive from it in 3.11

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        question = query.question[0]
        alias = f"alias.{question.name}"
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "CNAME", alias))
        if question.rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(alias, 60, "IN", "A", "198.51.100.7", "198.51.100.8"))
        self._transport.sendto(answer.to_wire(), addr)


async def _reflect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one HTTP/1.1 request with its own headers, as the centre's reflector does."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        body = json.dumps({"address": "203.0.113.9", "headers": head}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def _context(authority: trustme.CA, names: Sequence[str], alpn: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    context.set_alpn_protocols(alpn)
    return context


@asynccontextmanager
async def running_world(folder: Path, hosts: Sequence[str], certificates: int = 4) -> AsyncIterator[World]:
    """Run the world for these `host:port` names; neighbours share a certificate, as Microsoft's do."""
    loop = asyncio.get_running_loop()
    root = trustme.CA()
    issuing = root.create_child_ca()
    root.cert_pem.write_to_path(folder / "lab-roots.pem")
    connect: dict[str, str] = {}
    servers: list[asyncio.Server] = []
    for number in range(certificates):
        mine = list(hosts[number::certificates])
        if not mine:
            continue
        context = _context(issuing, [host.rpartition(":")[0] for host in mine], ["h2"])
        server = await loop.create_server(_FrontDoor, "127.0.0.1", 0, ssl=context)
        servers.append(server)
        connect |= dict.fromkeys(mine, f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    reflector = await asyncio.start_server(_reflect, "127.0.0.1", 0, ssl=_context(issuing, [REFLECTOR], ["http/1.1"]))
    connect[f"{REFLECTOR}:443"] = f"127.0.0.1:{reflector.sockets[0].getsockname()[1]}"
    resolver, _ = await loop.create_datagram_endpoint(_Resolver, ("127.0.0.1", 0))
    try:
        yield World(connect, f"127.0.0.1:{resolver.get_extra_info('sockname')[1]}", folder / "lab-roots.pem")
    finally:
        resolver.close()
        for server in (*servers, reflector):
            server.close()
