"""HTTP as bytes: whatever comes in, the only exception is `Failed`."""

import contextlib
import random

import h2.config
import h2.connection
import h2.errors
import pytest

from agent.network.failure import Failed
from agent.network.request import Http1, Http2, Speaker, speaker


def started(speaks: Speaker) -> tuple[Speaker, bytes]:
    """Return the speaker with its request made, and the request."""
    return speaks, speaks.start("a.test", "/p", "https", (("X-mW", "1"), ("X-mW", "2")))[0]


def served(data: bytes) -> h2.connection.H2Connection:
    """Return an h2 server that has read the request."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    connection.receive_data(data)
    return connection


def test_http1_request() -> None:
    """Names leave in their case and order, twice where given twice."""
    _, data = started(Http1())
    assert data.startswith(b"GET /p HTTP/1.1\r\nHost: a.test\r\nUser-Agent: ")
    assert data.endswith(b"X-mW: 1\r\nX-mW: 2\r\n\r\n")


def test_interim_responses_are_passed_over() -> None:
    """103 is not the answer, but it is the first byte."""
    speaks, _ = started(Http1())
    speaks.feed(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
    assert (speaks.answer.begun, speaks.answer.status) == (True, None)
    speaks.feed(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert (speaks.answer.done, speaks.answer.status) == (True, 204)


def test_chunked_body_in_single_bytes() -> None:
    """Bytes may come in any pieces."""
    speaks, _ = started(Http1())
    for byte in b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n":
        speaks.feed(bytes([byte]))
    assert (speaks.answer.done, bytes(speaks.answer.body)) == (True, b"abc")


def test_http2_reset_and_goaway() -> None:
    """A stream or connection ended by an error is a breach, named by its code; a GOAWAY before the request is a close."""
    speaks, data = started(Http2())
    server = served(data)
    server.reset_stream(1, h2.errors.ErrorCodes.HTTP_1_1_REQUIRED)
    with pytest.raises(Failed, match="HTTP_1_1_REQUIRED") as told:
        speaks.feed(server.data_to_send())
    assert told.value.failure == "http_protocol"
    for code, failure in ((h2.errors.ErrorCodes.ENHANCE_YOUR_CALM, "http_protocol"), (h2.errors.ErrorCodes.NO_ERROR, "closed")):
        speaks, data = started(Http2())
        server = served(data)
        server.close_connection(code, last_stream_id=0)
        with pytest.raises(Failed) as told:
            speaks.feed(server.data_to_send())
        assert told.value.failure == failure


def test_http2_without_status() -> None:
    """A response that has no status is none."""
    speaks, _ = started(Http2())
    with pytest.raises(Failed) as told:
        speaks.feed(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + b"\x00\x00\x01\x01\x04\x00\x00\x00\x01\xd8")  # SETTINGS; HEADERS `via:`
    assert told.value.failure == "http_protocol"


@pytest.mark.parametrize("alpn", ["h2", "http/1.1"])
def test_garbage(alpn: str) -> None:
    """Bytes of chance, and good answers with chance bits flipped, raise nothing but Failed."""
    chance = random.Random(20261123)
    good = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 3\r\n\r\nabc"
    if alpn == "h2":
        _, data = started(Http2())
        server = served(data)
        server.send_headers(1, [(":status", "200"), ("server", "x")])
        server.send_data(1, b"abc", end_stream=True)
        good = server.data_to_send()
    for _ in range(400):
        twisted = bytearray(chance.randbytes(64) if chance.random() < 0.3 else good)
        for _ in range(chance.randrange(4)):
            twisted[chance.randrange(len(twisted))] ^= 1 << chance.randrange(8)
        speaks, _ = started(speaker(alpn))
        with contextlib.suppress(Failed):
            speaks.feed(bytes(twisted))
            if not speaks.answer.done:
                speaks.end()
