"""A WebSocket endpoint of the front doors (RFC 6455): takes any valid upgrade and says every message back. Framing only, no meaning."""

import asyncio
import base64
import binascii
import hashlib
import struct

import h11

from demo.world.http1 import Request
from demo.world.services import Answer

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CLOSE, _PING, _PONG = 0x8, 0x9, 0xA
MAX_MESSAGE_BYTES = 1 << 16


def accepted(request: Request) -> Answer | None:
    """Return the 101 to a valid opening handshake (RFC 6455 4.2.1), None to any other request."""
    fields = {name.lower(): value for name, value in request.headers}
    key = fields.get("sec-websocket-key", "")
    try:
        whole = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        whole = False
    upgrade = fields.get("upgrade", "").lower() == "websocket" and "upgrade" in fields.get("connection", "").lower()
    if request.method != "GET" or not whole or not upgrade or fields.get("sec-websocket-version") != "13":
        return None
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()
    return Answer(101, (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)))


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: bytes) -> None:
    """Say messages back and answer pings until the peer closes. `begun`: what came behind the upgrade. Raises as `listening.BROKEN_OFF`."""
    held = bytearray(begun)
    while True:
        head = await _taken(reader, held, 2)
        length = head[1] & 0x7F
        if length > 125:
            (length,) = struct.unpack("!H" if length == 126 else "!Q", await _taken(reader, held, 2 if length == 126 else 8))
        if not head[1] & 0x80 or length > MAX_MESSAGE_BYTES:
            raise h11.RemoteProtocolError("a client's frame is masked and of a size")
        mask = await _taken(reader, held, 4)
        masked = await _taken(reader, held, length)
        payload = bytes(one ^ mask[place % 4] for place, one in enumerate(masked))
        kind = head[0] & 0x0F
        if kind != _PONG:
            writer.write(frame(_PONG if kind == _PING else kind, payload, final=bool(head[0] & 0x80)))
            await writer.drain()
        if kind == _CLOSE:
            return


def frame(kind: int, payload: bytes, *, final: bool = True) -> bytes:
    """Return a server's frame (unmasked)."""
    length = len(payload)
    if length < 126:
        size = bytes([length])
    else:
        size = bytes([126]) + struct.pack("!H", length) if length < 65_536 else bytes([127]) + struct.pack("!Q", length)
    return bytes([(0x80 if final else 0) | kind]) + size + payload


async def _taken(reader: asyncio.StreamReader, held: bytearray, count: int) -> bytes:
    """Return the next so many bytes. Raises IncompleteReadError when the peer closes before."""
    while len(held) < count:
        data = await reader.read(65_536)
        if not data:
            raise asyncio.IncompleteReadError(bytes(held), count)
        held += data
    taken = bytes(held[:count])
    del held[:count]
    return taken
