"""WebSocket's client side as bytes: answers that upgrade, those that do not, those that lie; frames whole, cut and broken."""

import base64
import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.network.failure import Failed
from agent.network.websocket import MAX_ANSWER_BYTES, MAX_FRAME_BYTES, MAX_FRAMES, PING, PONG, Frame, Frames, Upgrading, frame
from demo.world.websocket import frame as server_frame

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def asked() -> tuple[Upgrading, bytes]:
    """Return a handshake that has asked, and the word that accepts it."""
    one = Upgrading()
    request = one.ask("m365.cloud.microsoft", "/chat?x=1", (("X-Own", "1"),))
    assert request.startswith(b"GET /chat?x=1 HTTP/1.1\r\nHost: m365.cloud.microsoft\r\n")
    fields = dict(line.split(b": ", 1) for line in request.split(b"\r\n")[1:] if line)
    assert (fields[b"Upgrade"], fields[b"Sec-WebSocket-Version"], fields[b"X-Own"]) == (b"websocket", b"13", b"1")
    key = fields[b"Sec-WebSocket-Key"]
    assert len(base64.b64decode(key)) == 16
    return one, base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())


def test_a_valid_upgrade() -> None:
    """101 with the accept of our key upgrades, in pieces too, and what came behind it is kept."""
    one, accept = asked()
    answer = (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n\x89\x00"
    )
    assert not one.take(answer[:40])
    assert one.take(answer[40:])
    assert one.accepted()
    assert (one.status, one.behind()) == (101, b"\x89\x00")


def test_another_answer() -> None:
    """Any other status is an answer, and no upgrade."""
    one, _ = asked()
    assert one.take(b"HTTP/1.1 403 Forbidden\r\nServer: squid/5.7\r\nContent-Length: 5\r\n\r\nno")
    assert (one.accepted(), one.status, one.headers[0]) == (False, 403, ("Server", "squid/5.7"))


@pytest.mark.parametrize(
    "fields",
    [
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
        b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
        b"Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n",
        b"Upgrade: websocket\r\nSec-WebSocket-Accept: %b\r\n",
    ],
    ids=["somebody else's key", "no accept", "another protocol", "no connection"],
)
def test_a_101_that_proves_nothing(fields: bytes) -> None:
    """A 101 that does not answer our key, or upgrades to something else, breaks the protocol."""
    one, accept = asked()
    one.take(b"HTTP/1.1 101 OK\r\n" + fields.replace(b"%b", accept) + b"\r\n")
    with pytest.raises(Failed) as caught:
        one.accepted()
    assert caught.value.failure == "http_protocol"


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (b"", "closed"),
        (b"\x16\x03\x01 nonsense\r\n\r\n", "http_protocol"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, "too_large"),
    ],
)
def test_answers_that_are_none(data: bytes, failure: str) -> None:
    """A close, another protocol and an endless head have their own words."""
    one, _ = asked()
    with pytest.raises(Failed) as caught:
        one.take(data)
    assert caught.value.failure == failure


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frames_in_pieces(size: int) -> None:
    """Frames of each length form come whole however they are cut."""
    data = server_frame(2, bytes(size)) + server_frame(PONG, b"word")
    for step in (1, 7, len(data)):
        if len(data) // step > 20_000:
            continue
        frames = Frames()
        found = [one for place in range(0, len(data), step) for one in frames.take(data[place : place + step])]
        assert found == [Frame(2, bytes(size)), Frame(PONG, b"word")]


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (b"\x82\x81abcdx", "http_protocol"),
        (b"\xc2\x00", "http_protocol"),
        (b"\x09\x00", "http_protocol"),
        (b"\x89\x7e\x00\x7e", "http_protocol"),
        (b"\x82\x7f" + struct.pack("!Q", MAX_FRAME_BYTES + 1), "too_large"),
    ],
    ids=["masked", "extension", "cut ping", "long ping", "endless"],
)
def test_broken_frames(data: bytes, failure: str) -> None:
    """What no server may send is a failure with its word."""
    with pytest.raises(Failed) as caught:
        Frames().take(data)
    assert caught.value.failure == failure


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes(data: bytes, step: int) -> None:
    """Any bytes make frames or Failed, nothing else, and no more is held than was sent."""
    frames = Frames()
    try:
        for place in range(0, len(data), step):
            frames.take(data[place : place + step])
    except Failed:
        pass
    assert len(frames._held) <= len(data)


def test_own_frames_are_masked() -> None:
    """A client's frame is masked, with another mask each time (RFC 6455 5.3)."""
    one, other = frame(PING, b"12345678"), frame(PING, b"12345678")
    assert one[:2] == other[:2] == b"\x89\x88"
    assert one[2:6] != other[2:6]
    assert bytes(got ^ one[2 + place % 4] for place, got in enumerate(one[6:])) == b"12345678"


def test_floods_end() -> None:
    """Interim answers without end, and frames that say nothing, are each cut off, whatever the time."""
    one, _ = asked()
    piece = b"HTTP/1.1 100 Continue\r\n\r\n" * 100
    for _ in range(MAX_ANSWER_BYTES // len(piece)):
        assert not one.take(piece)
    with pytest.raises(Failed, match="an answer of more"):
        one.take(piece)
    frames = Frames()
    assert len(frames.take(b"\x89\x00" * MAX_FRAMES)) == MAX_FRAMES
    with pytest.raises(Failed, match="more than 1000 frames"):
        frames.take(b"\x89\x00")
