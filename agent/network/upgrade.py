"""The staged upgrade to WebSocket: connect, CONNECT, TLS as any exchange, then the upgrade, a time of silence, and a ping.

Devices that do not know WebSocket refuse the upgrade or drop its fields; those that do may forget a silent connection, and nobody is told.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace

from agent.network.clock import SampleClock
from agent.network.connect import Staged, authority_of, milliseconds
from agent.network.failure import Failed
from agent.network.net import ALPN_HTTP1, Exchange, Upgraded
from agent.network.proxy import Logins
from agent.network.settings import Timeouts
from agent.network.tls import Tls
from agent.network.tunnel import Stream
from agent.network.websocket import CLOSE, PING, PONG, Frame, Frames, Upgrading, frame


class Upgrade(Staged):
    """One upgrade on its way; `idle_s` is how long the connection is to lie still. `upgraded` is called once."""

    def __init__(
        self, request: Exchange, clock: SampleClock, timeouts: Timeouts, connect: Mapping[str, str], logins: Logins, idle_s: float
    ) -> None:
        super().__init__(replace(request, alpn=ALPN_HTTP1), clock, timeouts, connect, logins)
        self._idle_s = idle_s

    async def upgraded(self) -> Upgraded:
        """Go through the stages; return what was seen, with failure and stage if one failed."""
        await self._observe()
        return Upgraded(self._clock.name, self._suspect, **self._seen)

    async def _talk(self, stream: Stream, tls: Tls | None) -> None:
        upgrading, line = Upgrading(), _Line(stream, tls)
        request = self._request
        self._stage = "request"
        try:
            async with asyncio.timeout(self._limits.first_byte_s):
                asked = upgrading.ask(authority_of(request, 443), request.path or request.target.path, request.headers)
                began = await line.send(asked)
                self._stage = "first_byte"
                done = 0
                while not done:
                    data, stamp = await line.read()
                    done = stamp if upgrading.take(data) else 0
        finally:
            if upgrading.status is not None:
                self._seen |= {"status": upgrading.status, "headers": upgrading.headers}
        self._phase("upgrade_ms", began, done, late=stream.doubtful(first_of_several=True))
        if upgrading.accepted():
            self._seen["upgraded"] = True
            self._stage = "body"
            await self._outlive(_Talk(line), upgrading.behind())

    async def _outlive(self, talk: "_Talk", begun: bytes) -> None:
        """Leave the connection idle, then ping. Raises what ended it, and notes that it was lost."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._seen["idle"] = "lost"
        try:
            try:
                async with asyncio.timeout(self._idle_s):
                    await talk.until(PONG, begun)  # nobody sends one unasked, so this is the time limit's
            except TimeoutError:
                pass
        finally:
            self._seen["idle_s"] = round(loop.time() - began, 1)
        async with asyncio.timeout(self._limits.first_byte_s):
            word = secrets.token_bytes(8)
            left = await talk.send(frame(PING, word))
            came = await talk.until(PONG, payload=word)
        self._seen |= {"idle": "alive", "ping_ms": milliseconds(left, came)}
        await talk.send(frame(CLOSE, b"\x03\xe8"))


class _Line:
    """A connection as plain bytes both ways."""

    def __init__(self, stream: Stream, tls: Tls | None) -> None:
        self._stream, self._tls = stream, tls
        self._ended_at = 0

    async def send(self, data: bytes) -> int:
        """Send bytes; return when they left."""
        return await self._stream.send(self._tls.encrypt(data) if self._tls else data)

    async def read(self) -> tuple[bytes, int]:
        """Return the next bytes with their stamp; none at the peer's end. Records without data (session tickets) are read over."""
        while not self._ended_at:
            got = await self._stream.receive()
            data, ended = self._tls.decrypt(got.data) if self._tls and got.data else (got.data, not got.data)
            if ended:
                self._ended_at = got.stamp
            if data:
                return data, got.stamp
        return b"", self._ended_at


class _Talk:
    """An upgraded connection."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self._frames = Frames()
        self.send = line.send

    async def until(self, kind: int, begun: bytes = b"", payload: bytes | None = None) -> int:
        """Read until a frame of this kind and payload; return its stamp. Pings are answered. Raises Failed `closed` at the end."""
        data, stamp = begun, 0
        while True:
            for one in self._frames.take(data):
                if one.kind == kind and payload in {None, one.payload}:
                    return stamp
                await self._react(one)
            data, stamp = await self._line.read()
            if not data:
                raise Failed("closed", "closed while it lay idle" if payload is None else "closed instead of an answer to a ping")

    async def _react(self, one: Frame) -> None:
        if one.kind == PING:
            await self.send(frame(PONG, one.payload))
        elif one.kind == CLOSE:
            raise Failed("closed", "the server sent a close frame")
