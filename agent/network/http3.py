"""One HTTP/3 request on a QUIC connection of our own socket: handshake, chain, head of the answer. Loaded in the child only (`quic_child`).

aioquic's connection does no I/O: datagrams in, datagrams out, a timer. It verifies nothing here; the chain is captured as it was sent.
Whatever a peer sends, only `Failed` and OSError come out. Where aioquic has no public word (chain, version, cipher, who closed), its
inner one is read; its version is pinned below the next major.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aioquic.h3.connection import H3_ALPN, ErrorCode, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import HandshakeCompleted, ProtocolNegotiated
from aioquic.quic.packet import QuicErrorCode
from aioquic.tls import AlertDescription
from cryptography.hazmat.primitives.serialization import Encoding

from agent.network.channel import Channel
from agent.network.clock import STEP_NS, Read, SampleClock
from agent.network.failure import Failed, classify, scrub
from agent.network.net import Headers, Shaken
from agent.network.request import MAX_HEAD_BYTES, USER_AGENT
from wire.vocabulary import Failure, Stage

MAX_CHAIN = 16
"""The cap of `wire.facts.QuicFacts.chain`."""
MAX_CHAIN_BYTES = 262_144
"""More than sixteen of the largest certificates seen; what is beyond is left out, as the line to the agent is bounded."""
_CRYPTO_ERROR = 0x100
"""TLS alerts as QUIC error codes: 0x0100 and the alert's number (RFC 9001 4.8)."""
_MAX_DATA = 262_144
"""Flow control: nothing but the head of an answer is wanted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the place to connect to, the name to show, what the request says; an own address and its interface to leave from."""

    place: tuple[str, int]
    name: str
    authority: str
    path: str = "/"
    local: str | None = None
    interface: str = ""


async def shake(asked: Asked, limits: tuple[float, float], clock: SampleClock) -> Shaken:
    """Make one request. `limits`: seconds for the handshake and for the first byte."""
    drift, seen = clock.drift_ns(), _Seen()
    started = seen.last = clock.now()
    try:
        with Channel(*asked.place, socket.SOCK_DGRAM, clock, local=asked.local, interface=asked.interface) as channel:
            await _Connection(channel, asked, seen).run(limits)
    except (OSError, Failed) as error:
        failure, text = classify(error)
        seen.fields |= {"failure": failure, "stage": seen.stage, "error": text}
        seen.last = max(seen.last, clock.now())
    suspect = seen.suspect or abs(clock.drift_ns() - drift) > STEP_NS
    return Shaken(clock.name, suspect, total_ms=_ms(started, seen.last), **seen.fields)


class _Seen:
    """What has been seen so far, whatever comes next."""

    def __init__(self) -> None:
        self.stage: Stage = "connect"
        self.fields: dict[str, Any] = {}
        self.last = 0
        self.suspect = False


class _Connection:
    """One connection under way."""

    def __init__(self, channel: Channel, asked: Asked, seen: _Seen) -> None:
        configuration = QuicConfiguration(
            alpn_protocols=list(H3_ALPN),
            server_name=asked.name,
            verify_mode=ssl.CERT_NONE,
            max_data=_MAX_DATA,
            max_stream_data=_MAX_DATA,
        )
        self._quic: Any = QuicConnection(configuration=configuration)
        self._http: H3Connection | None = None
        self._channel = channel
        self._asked = asked
        self._seen = seen
        self._came: asyncio.Queue[Read | OSError] = asyncio.Queue()
        self._now = asyncio.get_running_loop().time
        self._shaken = False
        self._head: Headers | None = None

    async def run(self, limits: tuple[float, float]) -> None:
        """Shake hands, ask, take the answer's head. Raises OSError and Failed."""
        seen = self._seen
        await self._channel.connect()
        with self._channel.each(self._came.put_nowait):
            try:
                self._quic.connect(self._asked.place, now=self._now())
                async with asyncio.timeout(limits[0]):
                    began, done = await self._until(lambda: self._shaken)
            finally:
                seen.fields |= self._facts()
            seen.fields["handshake_ms"] = _ms(began, done)
            seen.stage = "request"
            if self._http is None:
                raise Failed("tls_protocol", "no HTTP/3 was agreed")
            self._http.send_headers(self._quic.get_next_available_stream_id(), _fields(self._asked), end_stream=True)
            seen.stage = "first_byte"
            async with asyncio.timeout(limits[1]):
                began, done = await self._until(lambda: self._head is not None)
            seen.fields |= self._answer() | {"first_byte_ms": _ms(began, done)}
            self._quic.close(error_code=ErrorCode.H3_NO_ERROR)
            await self._send()

    async def _until(self, done: Callable[[], bool]) -> tuple[int, int]:
        """Exchange datagrams until something is done; return when the first left, and when the last arrived."""
        began = await self._send()
        while True:
            timer = self._quic.get_timer()
            try:
                async with asyncio.timeout(None if timer is None else max(0.0, timer - self._now())):
                    got = await self._came.get()
            except TimeoutError:
                self._guarded(self._quic.handle_timer, now=self._now())
            else:
                if isinstance(got, OSError):
                    raise got
                self._take(got)
                if done():
                    return began, got.stamp
            await self._raise_if_closed()
            await self._send()

    async def _send(self) -> int:
        """Send what the connection wants sent; return when the first of it left."""
        first = 0
        for data, _ in self._quic.datagrams_to_send(now=self._now()):
            stamp = await self._channel.send(data)
            first = first or stamp
        return first

    def _take(self, got: Read) -> None:
        seen = self._seen
        seen.last = got.stamp
        seen.suspect |= self._channel.doubtful()
        if seen.stage == "connect":
            seen.stage = "tls"
        self._guarded(self._quic.receive_datagram, got.data, self._asked.place, now=self._now())
        while (event := self._quic.next_event()) is not None:
            if isinstance(event, ProtocolNegotiated):
                self._http = H3Connection(self._quic)  # at once: the server's first streams may come within the handshake
            elif isinstance(event, HandshakeCompleted):
                self._shaken = True
            for one in self._guarded(self._http.handle_event, event) if self._http is not None else ():
                if isinstance(one, HeadersReceived) and self._head is None:
                    self._head = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in one.headers)

    def _guarded(self, take: Callable[..., Any], *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
        """Run aioquic on a peer's bytes; whatever it raises is the peer's breach of protocol."""
        try:
            return take(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - see the file's rule
            failure: Failure = "tls_protocol" if self._http is None else "http_protocol"
            raise Failed(failure, scrub(f"{type(error).__name__}: {error}")) from None

    async def _raise_if_closed(self) -> None:
        """Raise Failed if either side has closed, without waiting until the connection has drained. The peer is owed our reason."""
        event = self._quic._close_event  # noqa: SLF001 - see the file's rule
        if event is None:
            return
        ours = self._quic._close_pending  # noqa: SLF001 - a close of ours is still to be sent
        with contextlib.suppress(OSError):
            await self._send()
        raise closed(event.error_code, event.frame_type, event.reason_phrase, ours=ours)

    def _facts(self) -> dict[str, Any]:
        """Return what is known so far as fields of `Shaken`."""
        tls = getattr(self._quic, "tls", None)
        leaf = getattr(tls, "_peer_certificate", None)
        if tls is None or self._seen.stage == "connect":
            return {}
        schedule = tls.key_schedule
        sent = [] if leaf is None else [leaf, *tls._peer_certificate_chain]  # noqa: SLF001 - see the file's rule
        return {
            "version": f"0x{self._quic._version:08x}",  # noqa: SLF001 - see the file's rule
            "alpn": tls.alpn_negotiated,
            "cipher": f"TLS_{schedule.cipher_suite.name}" if schedule is not None else None,
            "chain": bounded([one.public_bytes(Encoding.DER) for one in sent]),
        }

    def _answer(self) -> dict[str, Any]:
        """Return status and fields of the answer's head. Raises Failed."""
        head = self._head or ()
        if sum(len(name) + len(value) for name, value in head) > MAX_HEAD_BYTES:
            raise Failed("too_large", f"response head of more than {MAX_HEAD_BYTES} bytes")
        status = next((value for name, value in head if name == ":status"), "")
        if not (status.isdecimal() and len(status) == 3):
            raise Failed("http_protocol", "response without a status")
        return {"status": int(status), "headers": tuple(pair for pair in head if not pair[0].startswith(":"))}


def closed(code: int, frame_type: int | None, reason: str, *, ours: bool) -> Failed | TimeoutError:
    """Return what a closed connection means. A close by the application has no frame type (RFC 9000 19.19)."""
    if frame_type is None:
        return (
            Failed("closed", "closed by HTTP/3") if code == ErrorCode.H3_NO_ERROR else Failed("http_protocol", f"HTTP/3 error 0x{code:x}")
        )
    if _CRYPTO_ERROR <= code < _CRYPTO_ERROR + 0x100:
        alert = code - _CRYPTO_ERROR
        known = alert in AlertDescription._value2member_map_
        return Failed("tls_protocol" if ours else "tls_alert", AlertDescription(alert).name if known else f"alert {alert}")
    if reason == "Idle timeout":
        return TimeoutError()
    if code == QuicErrorCode.CONNECTION_REFUSED:
        return Failed("refused", "CONNECTION_REFUSED")
    return Failed(
        "tls_protocol" if ours or reason.startswith("Could not find") else "closed", scrub(f"QUIC error 0x{code:x} {reason}".strip())
    )


def _fields(asked: Asked) -> list[tuple[bytes, bytes]]:
    own = ((":method", "GET"), (":scheme", "https"), (":authority", asked.authority), (":path", asked.path))
    more = (("user-agent", USER_AGENT), ("accept", "*/*"))
    return [(key.encode(), value.encode("latin-1", "replace")) for key, value in (*own, *more)]


def bounded(chain: list[bytes]) -> tuple[bytes, ...]:
    """Return the certificates that fit into the caps, leaf first."""
    kept: list[bytes] = []
    for der in chain[:MAX_CHAIN]:
        if sum(map(len, kept)) + len(der) > MAX_CHAIN_BYTES:
            break
        kept.append(der)
    return tuple(kept)


def _ms(began: int, done: int) -> float:
    return min(max(0.0, round((done - began) / 1e6, 2)), 3_600_000.0)
