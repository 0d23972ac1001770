"""A TLS server before a plain one on loopback, with a private authority of its own: the broker's mutual TLS, or an inspecting proxy."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trustme

from tests.fakes.centre import hang_up


class Authority:
    """A private CA with files on disk, as a configuration names them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.ca = trustme.CA()
        self.server = self.ca.issue_cert("127.0.0.1")
        self.ca_file, self.certificate, self.key = folder / "ca.pem", folder / "agent.pem", folder / "agent.key"
        self.ca.cert_pem.write_to_path(self.ca_file)
        client = self.ca.issue_cert("lyon-1")
        client.cert_chain_pems[0].write_to_path(self.certificate)
        client.private_key_pem.write_to_path(self.key)

    def server_context(self, clients: trustme.CA) -> ssl.SSLContext:
        """Return the context of a server that wants certificates of `clients`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.configure_cert(context)
        context.verify_mode = ssl.CERT_REQUIRED
        clients.configure_trust(context)
        return context


@asynccontextmanager
async def tls_front(context: ssl.SSLContext, backend: int, read: bytearray) -> AsyncIterator[int]:
    """Run a TLS server that passes plain bytes on to `backend` and keeps what clients said; yields its port."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray | None) -> None:
        try:
            while data := await reader.read(65536):
                if kept is not None:
                    kept += data
                writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", backend)
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(reader, back_writer, read), name="there")
            group.create_task(pump(back_reader, writer, None), name="back")

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        yield port
    finally:
        server.close()
        await hang_up(port)
