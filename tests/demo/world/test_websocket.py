"""The WebSocket endpoint: the handshake of RFC 6455's own example, echo of every frame size, ping and close; nonsense ends it."""

import asyncio
import contextlib
import ssl
import struct
from pathlib import Path

import pytest

from demo.authority import PublicAuthorities, Shelf
from demo.world.doors import door_contexts, front_doors
from demo.world.http1 import Request
from demo.world.listening import listening
from demo.world.relay import connected
from demo.world.services import FrontDoor
from demo.world.websocket import MAX_MESSAGE_BYTES, accepted, echo, frame
from tests.demo.world.conftest import HOSTS, NOW

FIELDS = (
    ("Host", "server.example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "keep-alive, Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
)


def masked(kind: int, payload: bytes) -> bytes:
    """Return a client's frame."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else b"\xfe" + struct.pack("!H", length) if length < 65_536 else b""
    size = size or b"\xff" + struct.pack("!Q", length)
    mask = b"\x11\x22\x33\x44"
    return bytes([0x80 | kind]) + size + mask + bytes(one ^ mask[place % 4] for place, one in enumerate(payload))


def test_the_standards_example() -> None:
    """RFC 6455, 1.3: this key is accepted with this word."""
    answer = accepted(Request("GET", "/chat", FIELDS))
    assert answer is not None
    assert (answer.status, dict(answer.headers)["Sec-WebSocket-Accept"]) == (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")


@pytest.mark.parametrize("missing", ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"])
def test_no_handshake(missing: str) -> None:
    """A request that lacks a part of the handshake is an ordinary one."""
    assert accepted(Request("GET", "/", tuple(one for one in FIELDS if one[0] != missing))) is None
    assert accepted(Request("POST", "/", FIELDS)) is None


@pytest.mark.parametrize("size", [0, 125, 126, MAX_MESSAGE_BYTES])
async def test_echo(size: int) -> None:
    """Messages come back whole, a ping is answered, a pong is not, and a close ends it."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await echo(reader, writer, b"")

    payload = bytes(size)
    async with listening(handler) as port, connected(port) as (reader, writer):
        writer.write(masked(0x2, payload) + masked(0xA, b"?") + masked(0x9, b"hello") + masked(0x8, b"\x03\xe8"))
        assert await reader.read(-1) == frame(0x2, payload) + frame(0xA, b"hello") + frame(0x8, b"\x03\xe8")


@pytest.mark.parametrize("nonsense", [b"\x82\x01x", b"\x82\xff" + b"\xff" * 8, b"\x82"], ids=["unmasked", "endless", "cut"])
async def test_nonsense_ends_it(nonsense: bytes) -> None:
    """What no client may send ends the connection, and the server stays."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await echo(reader, writer, nonsense)

    async with listening(handler) as port:
        for _ in range(2):
            async with connected(port) as (reader, writer):
                writer.write_eof()
                with contextlib.suppress(ConnectionResetError):
                    assert await reader.read(-1) == b""


async def test_at_the_front_doors(tmp_path: Path) -> None:
    """Every name takes an upgrade over HTTP/1.1, and what comes right behind it is not lost."""
    public = PublicAuthorities(Shelf(tmp_path, NOW))
    trusting = ssl.create_default_context(cadata=public.root.pem.decode())
    request = "".join(f"{name}: {value}\r\n" for name, value in FIELDS).encode()
    async with front_doors(FrontDoor("FRA", 1), door_contexts(public, HOSTS)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=HOSTS[0])
        writer.write(b"GET / HTTP/1.1\r\n" + request + b"\r\n" + masked(0x9, b"early"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        assert await reader.readexactly(7) == frame(0xA, b"early")
        writer.close()
