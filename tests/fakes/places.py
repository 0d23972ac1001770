"""Small servers on loopback for real-socket tests: a front door (h1, h2, TLS or not), a CONNECT proxy, a resolver. Scripted, no logic."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import cast

import dns.message
import dns.rcode
import dns.rrset
import h2.config
import h2.connection
import h2.events
import trustme

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HELLO = b"HTTP/1.1 200 OK\r\nServer: Odd\r\nX-oDd: 1\r\nContent-Length: 5\r\n\r\nhello"


class Authority:
    """A throw-away authority and the server contexts it signs for."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def server(self, name: str, alpn: Sequence[str] = ("http/1.1",)) -> ssl.SSLContext:
        """Return a server context with a certificate for `name`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name).configure_cert(context)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


@contextlib.asynccontextmanager
async def listening(handler: Handler, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Serve `handler` on a free port and yield the port; connections still open at the end are cut."""
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await handler(reader, writer)
        writer.close()
        writers.discard(writer)

    server = await asyncio.start_server(serve, host, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


def answers(response: bytes) -> Handler:
    """Return a handler that reads one request's head and sends these bytes, then closes in order."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
        await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
            await reader.read()

    return handler


def h2_answers(headers: Sequence[tuple[str, str]], body: bytes) -> Handler:
    """Return a handler that answers the first HTTP/2 request."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        left = 0
        while data := await reader.read(65_536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    connection.send_headers(1, list(headers))
                    left = len(body)
            while left and (size := min(left, connection.local_flow_control_window(1), connection.max_outbound_frame_size)):
                connection.send_data(1, body[len(body) - left :][:size], end_stream=size == left)
                left -= size
            writer.write(connection.data_to_send())

    return handler


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read for ever and say nothing."""
    while await reader.read(65_536):
        pass


def proxy(reply: bytes, port: int | None = None) -> Handler:
    """Return a CONNECT proxy that answers `reply` and then, if given a port, joins both ends."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        if port is None:
            await reader.read()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy(reader, far_writer), name="up")
            group.create_task(_copy(far_reader, writer), name="down")

    return handler


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


class Resolver(asyncio.DatagramProtocol):
    """A resolver with a table of names; `twist` may change the bytes of an answer, None sends none."""

    def __init__(self, table: Mapping[str, Sequence[str]], twist: Callable[[bytes], bytes | None] = bytes) -> None:
        self._table = table
        self._twist = twist
        self._transport: asyncio.DatagramTransport | None = None
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer by."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer from the table."""
        assert self._transport is not None
        answer = self._twist(self.reply(data))
        if answer is not None:
            self._transport.sendto(answer, addr)

    def reply(self, data: bytes) -> bytes:
        """Return the answer: lines `TYPE value` of the name, an rcode as `!NAME`, NXDOMAIN for other names."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append(name)
        answer = dns.message.make_response(query)
        lines = self._table.get(name, ("!NXDOMAIN",))
        owner = name
        for line in lines:
            if line.startswith("!"):
                answer.set_rcode(dns.rcode.from_text(line[1:]))
                continue
            kind, value = line.split()
            if kind in {"CNAME", question.rdtype.name}:
                answer.answer.append(dns.rrset.from_text(owner + ".", 60, "IN", kind, value))
            if kind == "CNAME":
                owner = value.rstrip(".")
        return answer.to_wire(want_shuffle=False)

    async def over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question over TCP, never twisted."""
        size = int.from_bytes(await reader.readexactly(2), "big")
        answer = self.reply(await reader.readexactly(size))
        writer.write(len(answer).to_bytes(2, "big") + answer)
        await writer.drain()
        await reader.read()


@contextlib.asynccontextmanager
async def resolving(resolver: Resolver) -> AsyncIterator[str]:
    """Serve a resolver over UDP and TCP on one port; yield `127.0.0.1:port`."""
    loop = asyncio.get_running_loop()
    async with listening(resolver.over_tcp) as port:
        transport, _ = await loop.create_datagram_endpoint(lambda: resolver, local_addr=("127.0.0.1", port))
        try:
            yield f"127.0.0.1:{port}"
        finally:
            transport.close()
            await asyncio.sleep(0)
