"""A client's part of WebSocket (RFC 6455) as bytes: the upgrade by h11, frames after it. No socket and no clock; bytes in, words out.

Whatever a peer sends, the only exception from here is `Failed`: `http_protocol` for what breaks the protocol, `too_large` beyond the caps.
"""

import base64
import hashlib
import secrets
import struct
from typing import NamedTuple

import h11

from agent.network.failure import Failed, scrub
from agent.network.net import Headers
from agent.network.request import MAX_HEAD_BYTES, USER_AGENT

CLOSE, PING, PONG = 0x8, 0x9, 0xA
MAX_FRAME_BYTES = 1 << 20
"""A server that says more than this to somebody who said nothing is not spoken to any longer."""
MAX_FRAMES = 1000
"""Frames of one connection: a minute of pings every second is 60; a flood of empty ones costs time without being large."""
MAX_ANSWER_BYTES = 2 * MAX_HEAD_BYTES
"""The answer to the upgrade, interim answers included."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MAX_CONTROL = 125


class Upgrading:
    """One opening handshake (4.1). `status` and `headers` are the answer's, as far as it came."""

    def __init__(self) -> None:
        self._key = base64.b64encode(secrets.token_bytes(16))
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._taken = 0
        self.status: int | None = None
        self.headers: Headers = ()

    def ask(self, authority: str, path: str, headers: Headers = ()) -> bytes:
        """Return the request. Raises h11.LocalProtocolError for what no request can carry."""
        fields = [
            ("Host", authority),
            ("User-Agent", USER_AGENT),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", self._key.decode()),
            ("Sec-WebSocket-Version", "13"),
            *headers,
        ]
        request = h11.Request(method="GET", target=path, headers=fields)
        return (self._connection.send(request) or b"") + (self._connection.send(h11.EndOfMessage()) or b"")

    def take(self, data: bytes) -> bool:
        """Take bytes of the answer; return whether its head is complete. No bytes are the peer's close. Raises Failed."""
        self._taken += len(data)
        if self._taken > MAX_ANSWER_BYTES:
            raise Failed("too_large", f"an answer of more than {MAX_ANSWER_BYTES} bytes")
        try:
            self._connection.receive_data(data)
            event = self._connection.next_event()
            while isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                event = self._connection.next_event()
        except h11.RemoteProtocolError as error:
            if not data:
                raise Failed("closed", "closed before the answer was complete") from None
            if error.error_status_hint == 431:
                raise Failed("too_large", f"response head of more than {MAX_HEAD_BYTES} bytes") from None
            raise Failed("http_protocol", scrub(str(error))) from None
        if not isinstance(event, h11.Response | h11.InformationalResponse):
            if not data:
                raise Failed("closed", "closed before the answer was complete")
            return False
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items())
        if sum(len(name) + len(value) for name, value in headers) > MAX_HEAD_BYTES:  # h11 lets through what comes in one piece
            raise Failed("too_large", f"response head of more than {MAX_HEAD_BYTES} bytes")
        self.status, self.headers = event.status_code, headers
        return True

    def accepted(self) -> bool:
        """Return whether the answer upgrades the connection; a 101 that does not prove so is a breach of protocol. Raises Failed."""
        if self.status != 101:
            return False
        fields = {name.lower(): value for name, value in self.headers}
        wanted = base64.b64encode(hashlib.sha1(self._key + _GUID, usedforsecurity=False).digest()).decode()
        if fields.get("sec-websocket-accept", "").strip() != wanted:
            raise Failed("http_protocol", "101 with a Sec-WebSocket-Accept that is not of our key")
        if fields.get("upgrade", "").lower() != "websocket" or "upgrade" not in fields.get("connection", "").lower():
            raise Failed("http_protocol", "101 to something that is not WebSocket")
        return True

    def behind(self) -> bytes:
        """Return what came behind the answer: the first frames."""
        return self._connection.trailing_data[0]


class Frame(NamedTuple):
    """One frame of the server."""

    kind: int
    payload: bytes


class Frames:
    """Cuts a server's bytes into frames."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._count = 0

    def take(self, data: bytes) -> list[Frame]:
        """Take bytes; return the frames that are complete. Raises Failed."""
        self._held += data
        found = []
        while (size := self._size()) is not None and len(self._held) >= sum(size):
            head, length = size
            found.append(Frame(self._held[0] & 0x0F, bytes(self._held[head : head + length])))
            del self._held[: head + length]
            self._count += 1
            if self._count > MAX_FRAMES:
                raise Failed("too_large", f"more than {MAX_FRAMES} frames")
        return found

    def _size(self) -> tuple[int, int] | None:
        """Return the bytes of the next frame's head and of its payload, None while they are not known. Raises Failed."""
        held = self._held
        if len(held) < 2:
            return None
        if held[1] & 0x80 or held[0] & 0x70:
            raise Failed("http_protocol", "a server's frame is not masked, and no extension was agreed")
        length = held[1] & 0x7F
        if held[0] & 0x08 and (length > _MAX_CONTROL or not held[0] & 0x80):
            raise Failed("http_protocol", "a control frame is short and whole")
        head = {126: 4, 127: 10}.get(length, 2)
        if len(held) < head:
            return None
        if head > 2:
            (length,) = struct.unpack_from("!H" if head == 4 else "!Q", held, 2)
        if length > MAX_FRAME_BYTES:
            raise Failed("too_large", f"a frame of more than {MAX_FRAME_BYTES} bytes")
        return head, length


def frame(kind: int, payload: bytes) -> bytes:
    """Return a control frame of a client, masked (5.3)."""
    mask = secrets.token_bytes(4)
    hidden = bytes(one ^ mask[place % 4] for place, one in enumerate(payload[:_MAX_CONTROL]))
    return bytes([0x80 | kind, 0x80 | len(hidden)]) + mask + hidden
