"""Servers of the world: certificates by name, peers that break off, and an end that ends everything."""

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.authority import PublicAuthorities, Shelf
from demo.world.listening import BROKEN_OFF, by_name, listening, serving_leaf
from demo.world.relay import connected

NAMES = ("outlook.office365.com", "www.gstatic.com")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say back what comes."""
    while data := await reader.read(100):
        writer.write(data)


async def test_open_connections_end_with_it() -> None:
    """A connection that is open when the server ends is closed."""
    async with listening(echo) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("error", [ConnectionResetError, EOFError, ssl.SSLError])
async def test_broken_off(error: type[Exception]) -> None:
    """What a peer's going away raises ends its connection; the next is served."""
    assert issubclass(error, BROKEN_OFF)
    fails = iter([True, False])

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if next(fails):
            raise error
        await echo(reader, writer)

    async with listening(handler) as port:
        async with connected(port) as (reader, _):
            with contextlib.suppress(ConnectionResetError):  # cut, by whichever way the kernel tells it
                assert await reader.read() == b""
        async with connected(port) as (reader, writer):
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"


async def test_certificate_by_name(tmp_path: Path) -> None:
    """The name asked for decides the certificate; a name nobody serves is refused in the handshake."""
    public = PublicAuthorities(Shelf(tmp_path, datetime.now(UTC)))
    contexts = {name: serving_leaf(public.leaf(name).file, ("http/1.1",)) for name in NAMES}
    trusting = ssl.create_default_context(cadata=public.root.pem.decode())
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    async with listening(echo, by_name(contexts, ("http/1.1",))) as port:
        for name in NAMES:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=name)
            assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
            writer.close()
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname="other.example")
