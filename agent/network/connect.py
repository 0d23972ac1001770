"""The staged exchange: connect, CONNECT, TLS, request, first byte, body, in this order, each timed and each able to fail.

Only the order and the bookkeeping live here; each stage's work is its own file's. A failure ends the exchange and keeps what was seen.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import Any

import h11

from agent.network.address import joined, mapped
from agent.network.channel import Channel
from agent.network.clock import STEP_NS, SampleClock
from agent.network.failure import Failed, classify
from agent.network.net import Exchange, Fetched
from agent.network.proxy import Connect, Logins, schemes
from agent.network.request import Speaker, speaker
from agent.network.settings import Timeouts
from agent.network.tls import Tls
from agent.network.tunnel import SecureStream, Stream
from wire.vocabulary import Stage

NETWORK_ERRORS = (OSError, ssl.SSLError, Failed, h11.LocalProtocolError, ValueError)
"""What the network, or a name and path from a plan that no protocol can carry, may raise. Anything else is our own bug and is raised."""
PHASES = ("connect_ms", "proxy_ms", "tls_ms", "first_byte_ms", "body_ms")
ADDS_UP_MS = 1.0
MAX_MS = 3_600_000.0
"""The cap of `wire.model.Milliseconds`; a clock that stepped can make any number."""


class Staged:
    """One exchange on its way. `run` is called once."""

    def __init__(self, request: Exchange, clock: SampleClock, timeouts: Timeouts, connect: Mapping[str, str], logins: Logins) -> None:
        self._request = request
        self._way = request.by
        self._login = logins.header(self._way)
        self._clock = clock
        self._limits = request.timeouts or timeouts
        self._map = connect
        self._stage: Stage = "connect"
        self._seen: dict[str, Any] = {}
        self._last = 0
        self._ended_at = 0
        self._suspect = False
        self.beside: list[float] = []
        """Connect times taken beside this exchange (`download.py`), milliseconds."""

    @property
    def stage(self) -> Stage:
        """Return the stage under way."""
        return self._stage

    async def run(self) -> Fetched:
        """Go through the stages; return what was seen, with failure and stage if one failed."""
        total = await self._observe()
        rest = round(total - sum(self._seen.get(phase, 0.0) for phase in PHASES), 2)
        unaccounted = rest if rest > ADDS_UP_MS else None
        return Fetched(self._clock.name, self._suspect, total_ms=total, unaccounted_ms=unaccounted, **self._seen)

    async def _observe(self) -> float:
        """Go through the stages; what was seen is in `_seen`. Return the milliseconds from start to end."""
        drift = self._clock.drift_ns()
        started = self._last = self._clock.now()
        try:
            with self._channel() as channel:
                await self._exchange(channel)
        except NETWORK_ERRORS as error:
            failure, text = classify(error)
            self._seen |= {"failure": failure, "stage": self._stage, "error": text}
            self._last = max(self._last, self._clock.now())
        if abs(self._clock.drift_ns() - drift) > STEP_NS:
            self._suspect = True
        return milliseconds(started, self._last)

    def _channel(self) -> Channel:
        """Open a socket for the place to connect to, through the laboratory's map."""
        target, way = self._request.target, self._way
        if way.kind == "unsupported":
            self._stage = "proxy"
            raise Failed("proxy_unsupported", f"the way is a {way.word} proxy, which this agent does not speak")
        host, port = (way.host, way.port) if way.proxied else (target.host, target.port)
        local = way.local_for(self._request.address)
        address, port = mapped(self._map, host, self._request.address, port)
        interface, more = way.host if local else "", self._request.enough or 0
        return Channel(address, port, socket.SOCK_STREAM, self._clock, local=local, interface=interface, more=more)

    async def _exchange(self, channel: Channel) -> None:
        target, limits = self._request.target, self._limits
        async with asyncio.timeout(limits.connect_s):
            began, done = await channel.connect()
        self._phase("connect_ms", began, done, late=channel.doubtful())
        secure = target.protocol != "http"
        stream: Stream = channel
        if self._way.proxied:
            stream = await self._to_far_end(channel, tunnel=secure)
        await self._talk(stream, await self._secure(stream) if secure else None)

    async def _talk(self, stream: Stream, tls: Tls | None) -> None:
        """Do what the connection is for, here one request."""
        speaks = speaker(self._seen.get("alpn"), self._request.kept_bytes, self._request.enough)
        try:
            await self._converse(stream, tls, speaks)
        finally:
            answer = speaks.answer
            if answer.status is not None:
                head = {"http": answer.version, "status": answer.status, "headers": answer.headers}
                self._seen |= head | {"body": bytes(answer.body), "body_bytes": answer.body_bytes}

    async def _to_far_end(self, channel: Channel, *, tunnel: bool) -> Stream:
        """Return what carries bytes to the far end: TLS to the proxy if it wants that, and a tunnel if the target is to have one."""
        self._stage = "proxy"
        stream: Stream = channel
        connect = None
        began = done = 0
        try:
            async with asyncio.timeout(self._limits.proxy_s):
                if self._way.kind == "https-proxy":
                    tls = Tls(channel, self._way.host, ("http/1.1",))
                    began, done = await tls.handshake()
                    stream = SecureStream(channel, tls)
                if tunnel:
                    connect = Connect(stream)
                    asked, done = await connect.ask(joined(self._request.target.host, self._request.target.port), self._login)
                    began = began or asked
        finally:
            if connect is not None:
                self._seen |= {"proxy_status": connect.status, "proxy_headers": connect.headers}
        if began:
            self._phase("proxy_ms", began, done, late=channel.doubtful())
        return stream

    async def _secure(self, channel: Stream) -> Tls:
        self._stage = "tls"
        tls = Tls(channel, self._request.sni or self._request.target.host, self._request.alpn)
        try:
            async with asyncio.timeout(self._limits.tls_s):
                began, done = await tls.handshake()
        finally:
            self._seen |= tls.facts()
        self._phase("tls_ms", began, done, late=channel.doubtful())
        return tls

    async def _converse(self, channel: Stream, tls: Tls | None, speaks: Speaker) -> None:
        """Send the request and read the response to its end."""
        self._stage = "request"
        async with asyncio.timeout(self._limits.first_byte_s):
            began = await self._send_request(channel, tls, speaks)
            self._stage = "first_byte"
            first = 0
            while not speaks.answer.begun:
                first = await self._step(channel, tls, speaks)
        self._phase("first_byte_ms", began, first, late=channel.doubtful(first_of_several=True))
        self._stage = "body"
        last = first
        async with asyncio.timeout(self._limits.body_s):
            while not speaks.answer.done:
                last = await self._step(channel, tls, speaks)
        self._phase("body_ms", first, last, late=channel.doubtful())
        if speaks.answer.status == 407 and self._way.proxied and tls is None:
            self._stage = "proxy"
            raise Failed("proxy_auth", f"the proxy answered 407 and demands {schemes(speaks.answer.headers)}")

    async def _send_request(self, channel: Stream, tls: Tls | None, speaks: Speaker) -> int:
        request = self._request
        authority = authority_of(request, 443 if tls else 80)
        scheme = "https" if tls else "http"
        path, headers = request.path or request.target.path, request.headers
        if tls is None and self._way.proxied:
            path, headers = f"{scheme}://{authority}{path}", (*headers, *self._login)
        data, sent = speaks.start(authority, path, scheme, headers)
        self._seen["sent_headers"] = tuple(field for field in sent if field not in self._login)
        return await channel.send(tls.encrypt(data) if tls else data)

    async def _step(self, channel: Stream, tls: Tls | None, speaks: Speaker) -> int:
        """Read once, let TLS and HTTP take it, send what they want sent; return the read's stamp. A close counts in the next step."""
        if self._ended_at:
            speaks.end()
            return self._ended_at
        got = await channel.receive()
        data, ended = tls.decrypt(got.data) if tls and got.data else (got.data, not got.data)
        if ended:
            self._ended_at = got.stamp
        back = speaks.feed(data) if data else b""
        reply = tls.encrypt(back) if tls else back
        if reply and not ended and not speaks.answer.done:
            await channel.send(reply)
        return got.stamp

    def _phase(self, name: str, began: int, done: int, *, late: bool) -> None:
        self._seen[name] = milliseconds(began, done)
        self._last = done
        self._suspect |= late


def authority_of(request: Exchange, default_port: int) -> str:
    """Return what the Host field says: the name, with the port where it is not the default one."""
    name, port = request.sni or request.target.host, request.target.port
    return joined(name, port) if port != default_port or ":" in name else name


def milliseconds(began: int, done: int) -> float:
    """Return a span of nanoseconds in milliseconds; a clock that was set back in between gives 0, and the sample is suspect."""
    return min(max(0.0, round((done - began) / 1e6, 2)), MAX_MS)
