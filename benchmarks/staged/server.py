"""A slow front door in its own process: 20 ms after ClientHello, 30 ms before the response's head, 15 ms before the rest.

The first argument stretches the three, the second is the address to listen on. EC P-256, three certificates, HTTP/2 or HTTP/1.1 by ALPN.
Prints its port, serves until its standard input closes.
"""

import asyncio
import contextlib
import ssl
import sys

import h2.config
import h2.connection
import h2.events
import trustme

STRETCH = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
ADDRESS = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"
HELLO_S, HEAD_S, REST_S = 0.020 * STRETCH, 0.030 * STRETCH, 0.015 * STRETCH
BODY = b"x" * 1200  # one segment wherever it goes: the truth is read from the last two packets
HEAD = b"HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Length: %d\r\n\r\n" % len(BODY)


class Side:
    """The server's side of one TLS connection over plain streams, so that the answer to ClientHello can wait."""

    def __init__(self, context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def handshake(self) -> None:
        """Shake hands, late."""
        self._incoming.write(await self._reader.read(65_536))
        await asyncio.sleep(HELLO_S)
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self._writer.write(self._outgoing.read())
                self._incoming.write(await self._reader.read(65_536))
            else:
                return

    async def read(self) -> bytes:
        """Return the next plain bytes; none at the end."""
        while True:
            try:
                return self.tls.read(65_536)
            except ssl.SSLWantReadError:
                data = await self._reader.read(65_536)
                if not data:
                    return b""
                self._incoming.write(data)

    def send(self, data: bytes) -> None:
        """Send plain bytes in one write, behind tickets that wait."""
        if data:
            self.tls.write(data)
        self._writer.write(self._outgoing.read())


async def answer_h1(side: Side) -> None:
    """Answer one request."""
    await side.read()
    side.send(b"")
    await asyncio.sleep(HEAD_S)
    side.send(HEAD)
    await asyncio.sleep(REST_S)
    side.send(BODY)


async def answer_h2(side: Side) -> None:
    """Answer one request."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    stream = None
    while stream is None:
        for event in connection.receive_data(await side.read()):
            if isinstance(event, h2.events.RequestReceived):
                stream = event.stream_id
        side.send(connection.data_to_send())
    await asyncio.sleep(HEAD_S)
    connection.send_headers(stream, [(":status", "200"), ("server", "bench")])
    side.send(connection.data_to_send())
    await asyncio.sleep(REST_S)
    connection.send_data(stream, BODY, end_stream=True)
    side.send(connection.data_to_send())


async def serve() -> None:
    """Serve on a free port until standard input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    trustme.CA().create_child_ca().create_child_ca().issue_cert("*.bench.test").configure_cert(context)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        side = Side(context, reader, writer)
        with contextlib.suppress(OSError, ssl.SSLError):
            await side.handshake()
            await (answer_h2 if side.tls.selected_alpn_protocol() == "h2" else answer_h1)(side)
            await reader.read()
        writer.transport.abort()

    server = await asyncio.start_server(handler, ADDRESS, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
