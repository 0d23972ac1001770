"""One GET as bytes: HTTP/1.1 by h11, HTTP/2 by h2, behind one interface. No socket and no clock: bytes in, bytes out.

Whatever a peer sends, the only exception from here is `Failed`: `http_protocol` for bytes no parser accepts (the parsers raise
more kinds of exception than they promise), `too_large` beyond the caps.
"""

from collections.abc import Callable
from typing import Any, Protocol

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import h11

from agent.network.failure import Failed, scrub
from agent.network.net import KEPT_BODY_BYTES, Headers

MAX_HEAD_BYTES = 65_536
"""Four times what h11 and most servers allow by default; a head beyond that is not Microsoft's."""
MAX_BODY_BYTES = 1 << 20
"""1 MiB: a sign-in page is about a fifth of it. Reading on would measure bandwidth, which this probe is not for."""
MAX_EVENTS = 5000
"""Frames, chunks and interim answers: a body of 1 MiB in frames of 512 bytes has 2,000; each costs about 20 us (measured)."""
MAX_OVERHEAD = 262_144
"""Bytes of a response that are not its body: four times the largest head. Padding, chunk extensions, frames without an event end here."""
SLICE_BYTES = 8192
"""A read is parsed in pieces of this: one of 64 KiB holds 7,000 empty frames, which took 160 ms in one go (measured)."""
USER_AGENT = "Mozilla/5.0 (compatible; Middlewatch/1)"


class Answer:
    """What has come of a response so far."""

    def __init__(self, kept_bytes: int = KEPT_BODY_BYTES, enough: int | None = None) -> None:
        self._events = 0
        self._most = MAX_EVENTS * (1 + (enough or 0) // MAX_BODY_BYTES)
        self._enough = enough
        self._fed = 0
        self._kept_bytes = kept_bytes
        self.version: str | None = None
        self.status: int | None = None
        self.headers: Headers = ()
        self.body = bytearray()
        self.body_bytes = 0
        self.begun = False
        self.done = False

    def count(self, events: int = 1) -> None:
        """Count what a parser found. Raises Failed `too_large`: pings, empty frames and chunks of one byte cost time without a body."""
        self._events += events
        if self._events > self._most:
            raise Failed("too_large", f"response in more than {self._most} pieces")

    def count_bytes(self, data: bytes) -> None:
        """Count what was fed to a parser. Raises Failed `too_large` when too much of it was no body."""
        self._fed += len(data)
        if self._fed - self.body_bytes > MAX_OVERHEAD:
            raise Failed("too_large", f"more than {MAX_OVERHEAD} bytes of a response that are not its body")

    def take_head(self, status: int, version: str, headers: Headers) -> None:
        """Keep a response's head. Raises Failed `too_large`: the parsers' own limits let through what comes in one piece."""
        if sum(len(name) + len(value) for name, value in headers) > MAX_HEAD_BYTES:
            raise Failed("too_large", f"response head of more than {MAX_HEAD_BYTES} bytes")
        self.begun = True
        self.status, self.version, self.headers = status, version, headers

    def add_body(self, data: bytes) -> None:
        """Count body bytes and keep the first of them. Raises Failed `too_large`."""
        self.body_bytes += len(data)
        self.body += data[: max(0, self._kept_bytes - len(self.body))]
        if self._enough is not None:
            self.done = self.done or self.body_bytes >= self._enough
        elif self.body_bytes > MAX_BODY_BYTES:
            raise Failed("too_large", f"body of more than {MAX_BODY_BYTES} bytes")


class Speaker(Protocol):
    """A protocol's side of one GET."""

    answer: Answer

    def start(self, authority: str, path: str, scheme: str, headers: Headers) -> tuple[bytes, Headers]:
        """Return the bytes of the request, and its header fields as they leave."""
        ...

    def feed(self, data: bytes) -> bytes:
        """Take bytes of the response; return bytes to send back. Raises Failed."""
        ...

    def end(self) -> None:
        """Take the peer's close. Raises Failed `closed` when the response was not complete."""
        ...


class Http1:
    """HTTP/1.1 (RFC 9112). Header names leave in the case given."""

    def __init__(self, kept_bytes: int = KEPT_BODY_BYTES, enough: int | None = None) -> None:
        self.answer = Answer(kept_bytes, enough)
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)

    def start(self, authority: str, path: str, scheme: str, headers: Headers) -> tuple[bytes, Headers]:  # noqa: ARG002 - HTTP/2 needs it
        """Return a GET for `path`, which is absolute when a proxy is to fetch it."""
        fields = (("Host", authority), ("User-Agent", USER_AGENT), ("Accept", "*/*"), *headers)
        request = h11.Request(method="GET", target=path, headers=list(fields))
        data = (self._connection.send(request) or b"") + (self._connection.send(h11.EndOfMessage()) or b"")
        return data, fields

    def feed(self, data: bytes) -> bytes:
        """Take bytes of the response; HTTP/1.1 has nothing to send back."""
        self.answer.begun = self.answer.begun or bool(data)
        _guard(self.answer, self._take, data)
        return b""

    def end(self) -> None:
        """A body without a length ends here (RFC 9112, 6.3)."""
        try:
            self._take(b"")
        except h11.RemoteProtocolError:
            raise Failed("closed", "closed before the response was complete") from None
        if not self.answer.done:
            raise Failed("closed", "closed before the response was complete")

    def _take(self, data: bytes) -> None:
        self._connection.receive_data(data)
        while not self.answer.done:
            event = self._connection.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            self.answer.count()
            if isinstance(event, h11.Response):
                fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items())
                self.answer.take_head(event.status_code, f"HTTP/{event.http_version.decode()}", fields)
            elif isinstance(event, h11.Data):
                self.answer.add_body(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                self.answer.done = isinstance(event, h11.EndOfMessage)
                return


class Http2:
    """HTTP/2 (RFC 9113), one stream."""

    def __init__(self, kept_bytes: int = KEPT_BODY_BYTES) -> None:
        self.answer = Answer(kept_bytes)
        # No validation of what comes in: odd headers are a fact to keep, not a reason to stop.
        settings = h2.config.H2Configuration(client_side=True, header_encoding=False, validate_inbound_headers=False)
        self._connection = h2.connection.H2Connection(settings)

    def start(self, authority: str, path: str, scheme: str, headers: Headers) -> tuple[bytes, Headers]:
        """Return the preface, our settings and a GET."""
        self._connection.local_settings.enable_push = 0
        self._connection.local_settings.max_header_list_size = MAX_HEAD_BYTES
        self._connection.initiate_connection()
        own = ((":method", "GET"), (":authority", authority), (":scheme", scheme), (":path", path))
        more = (("user-agent", USER_AGENT), ("accept", "*/*"), *((name.lower(), value) for name, value in headers))
        self._connection.send_headers(1, [*own, *more], end_stream=True)
        return self._connection.data_to_send(), (*own, *more)

    def feed(self, data: bytes) -> bytes:
        """Take bytes of the response; return acknowledgements and window updates."""
        _guard(self.answer, self._take, data)
        return self._connection.data_to_send()

    def end(self) -> None:
        """Refuse a close before the stream's end."""
        raise Failed("closed", "closed before the response was complete")

    def _take(self, data: bytes) -> None:
        events = self._connection.receive_data(data)
        self.answer.count(len(events))
        for event in events:
            if isinstance(event, h2.events.ResponseReceived):
                self._take_head(event.headers or [])
            elif isinstance(event, h2.events.DataReceived):
                self._connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.answer.add_body(event.data or b"")
            elif isinstance(event, h2.events.StreamEnded):
                self.answer.done = True
            elif isinstance(event, h2.events.StreamReset):
                raise Failed("http_protocol", f"RST_STREAM {_code(event.error_code)}")
            elif isinstance(event, h2.events.ConnectionTerminated) and not self.answer.done:
                if event.error_code:
                    raise Failed("http_protocol", f"GOAWAY {_code(event.error_code)}")
                if not event.last_stream_id:
                    raise Failed("closed", "GOAWAY before the request was taken")

    def _take_head(self, fields: list[Any]) -> None:
        pairs = [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in fields]
        status = next((value for name, value in pairs if name == ":status"), "")
        if not (status.isdigit() and len(status) == 3):
            raise Failed("http_protocol", "response without a status")
        self.answer.take_head(int(status), "HTTP/2", tuple(pair for pair in pairs if not pair[0].startswith(":")))


def speaker(alpn: str | None, kept_bytes: int = KEPT_BODY_BYTES, enough: int | None = None) -> Speaker:
    """Return the protocol that ALPN chose; none chosen means HTTP/1.1 (RFC 7301). Of the body the first `kept_bytes` are kept.

    `enough`: in HTTP/1.1 a body is read so far and no further, in the place of the usual cap.
    """
    return Http2(kept_bytes) if alpn == "h2" else Http1(kept_bytes, enough)


def _guard(answer: Answer, take: Callable[[bytes], None], data: bytes) -> None:
    """Run a parser on a peer's bytes; whatever it raises is the peer's breach of protocol."""
    try:
        for at in range(0, len(data), SLICE_BYTES):
            piece = data[at : at + SLICE_BYTES]
            take(piece)
            answer.count_bytes(piece)
    except Failed:
        raise
    except h2.exceptions.DenialOfServiceError:
        raise Failed("too_large", f"response head of more than {MAX_HEAD_BYTES} bytes") from None
    except h11.RemoteProtocolError as error:
        if error.error_status_hint == 431:
            raise Failed("too_large", f"response head of more than {MAX_HEAD_BYTES} bytes") from None
        raise Failed("http_protocol", scrub(str(error))) from None
    except Exception as error:  # noqa: BLE001 - see the file's rule
        raise Failed("http_protocol", scrub(f"{type(error).__name__}: {error}")) from None


def _code(number: Any) -> str:  # noqa: ANN401 - h2 gives its enum or a plain number
    return number.name if isinstance(number, h2.errors.ErrorCodes) else str(number)
