"""Peers that mean harm, against the whole exchange: no answer makes the agent hang, crash or balloon.

Bytes and memory are asserted, never times. Every test runs the real network on loopback; a hang would end at pytest's own time limit, and
what each peer got rid of is counted by itself.
"""

import asyncio
import contextlib
import gc
import ssl
import struct
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import cast

import dns.message
import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.network.channel import MAX_BYTES, READ_BYTES
from agent.network.failure import MAX_TEXT, Failed, scrub
from agent.network.net import Exchange, Fetched
from agent.network.open import open_network
from agent.network.request import Http1, Http2, Speaker
from agent.network.resolve import MAX_MESSAGE, MAX_STRANGE
from agent.network.settings import NetworkSettings, Timeouts
from agent.network.way import ways_of
from agent.probes.headers import front_door, stable
from tests.fakes.places import Authority, Handler, Resolver, listening, resolving
from wire.target import DIRECT, SYSTEM, Target

HOST = "good.test"
MEMORY = 12 << 20
"""What one exchange may hold at its worst: its bytes once as they came and once as they are kept, and a parser's share."""
MAX_SENT = MAX_BYTES + (8 << 20)
"""What a peer may get rid of: what is read, and what both sockets' buffers hold (6 MiB on Linux) with the server's own."""
LIMITS = Timeouts.every(20.0)
OK = b"HTTP/1.1 200 OK\r\n"


class Flood:
    """Sends a beginning, then the same piece for ever; counts what it got rid of."""

    def __init__(self, piece: bytes, begin: bytes = b"", *, asks_first: bool = True) -> None:
        self._piece, self._begin, self._asks_first = piece, begin, asks_first
        self.sent = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it is cut."""
        if self._asks_first:
            await reader.read(65_536)
        writer.write(self._begin)
        while self._piece:
            writer.write(self._piece)
            self.sent += len(self._piece)
            await writer.drain()
        await reader.read()


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return an HTTP/2 frame (RFC 9113, 4.1)."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


SETTINGS = frame(4, 0, 0)
HEADERS = frame(1, 4, 1, b"\x88")  # :status 200


@contextlib.contextmanager
def within_memory(limit: int = MEMORY) -> Iterator[None]:
    """Hold that what happens inside never has more than `limit` bytes allocated at once beyond what was there before."""
    gc.collect()
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] <= limit
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Return one throw-away authority for all tests."""
    return Authority()


async def met(handler: Handler, context: ssl.SSLContext | None = None, *, way: str = "") -> Fetched:
    """Make one exchange with a peer; `way` puts it in a proxy's place (`PROXY`, `HTTPS`)."""
    async with listening(handler, context) as port:
        target = Target(
            host=HOST, port=port, protocol="http" if context is None and not way else "https", category="Control", workload="Control"
        )
        network = open_network(NetworkSettings(timeouts=LIMITS))
        if way:
            return await network.fetch(Exchange(target, SYSTEM, "127.0.0.1", way=ways_of(f"{way} near.test:{port}")[0]))
        return await network.fetch(Exchange(target, DIRECT, "127.0.0.1"))


BIG = 16_384
HTTP1_FLOODS = {
    "endless head": (b"X-Filler: " + b"x" * 500 + b"\r\n", OK),
    "one endless line": (b"x" * BIG, OK + b"X: "),
    "interim answers": (b"HTTP/1.1 100 Continue\r\n\r\n" * 100, b""),
    "empty lines": (b"\r\n" * 1000, b""),
    "one byte at a time": (b"1\r\nx\r\n" * 1000, OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    "chunk extensions": (b"1;" + b"x" * 8000 + b"\r\nx\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    "endless chunk line": (b"0" * BIG, OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    "endless trailers": (b"X: y\r\n" * 1000, OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
    "endless body": (b"x" * BIG, OK + b"\r\n"),
    "body longer than said": (b"x" * BIG, OK + b"Content-Length: 99999999999\r\n\r\n"),
    "bad UTF-8": (b"\xff\xfe\xc0\xaf" * 4096, OK + b"X: "),
    "zero bytes": (b"\0" * BIG, b""),
}


@pytest.mark.parametrize("name", HTTP1_FLOODS)
async def test_http1(authority: Authority, name: str) -> None:
    """Every endless form of an HTTP/1.1 answer ends as a failure, after a bounded number of bytes."""
    flood = Flood(*HTTP1_FLOODS[name])
    with within_memory():
        seen = await met(flood, authority.server(HOST))
    assert seen.failure in {"too_large", "http_protocol"}
    assert flood.sent <= MAX_SENT


HTTP2_FLOODS = {
    "pings": (frame(6, 0, 0, b"8 bytes.") * 500, SETTINGS),
    "settings": (frame(4, 0, 0, b"\0\3\0\0\0\1") * 500, SETTINGS),
    "settings that change the window": (frame(4, 0, 0, b"\0\4\0\0\xff\xff") * 500, SETTINGS),
    "empty data": (frame(0, 0, 1) * 500, SETTINGS + HEADERS),
    "padding alone": (frame(0, 8, 1, b"\xff" + b"\0" * 255) * 50, SETTINGS + HEADERS),
    "continuations": (frame(9, 0, 1) * 500, SETTINGS + frame(1, 0, 1, b"\x88")),
    "large continuations": (frame(9, 0, 1, b"\x00\x01a\x7f\x00" + b"x" * 127) * 100, SETTINGS + frame(1, 0, 1, b"\x88")),
    "unknown frames": (frame(200, 0, 0, b"x" * 100) * 100, SETTINGS),
    "priorities": (frame(2, 0, 3, b"\0\0\0\1\0") * 500, SETTINGS),
    "window updates": (frame(8, 0, 0, b"\0\0\0\1") * 500, SETTINGS),
    "resets of other streams": (frame(3, 0, 3, b"\0\0\0\0") * 500, SETTINGS),
    "promises": (frame(5, 4, 1, b"\0\0\0\2\x88") * 500, SETTINGS),
    "interim answers": (frame(1, 4, 1, b"\x08\x03100") * 500, SETTINGS),
    "endless body": (frame(0, 0, 1, b"x" * BIG), SETTINGS + HEADERS),
    "a frame that never ends": (b"x" * BIG, SETTINGS + b"\xff\xff\xff\0\0\0\0\0\1"),
    "a header table bomb": (frame(1, 4, 1, b"\x88\x40\x01a\x7f\xa1\x1f" + b"v" * 4000 + b"\xbe" * 10_000), SETTINGS),
    "rubbish": (b"\xff" * BIG, b""),
}


@pytest.mark.parametrize("name", HTTP2_FLOODS)
async def test_http2(authority: Authority, name: str) -> None:
    """Every flood of HTTP/2 ends as a failure, after a bounded number of bytes; our own answers to it are bounded too."""
    flood = Flood(*HTTP2_FLOODS[name])
    with within_memory():
        seen = await met(flood, authority.server(HOST, ("h2",)))
    assert seen.failure in {"too_large", "http_protocol", "closed"}
    assert flood.sent <= MAX_SENT


@pytest.mark.parametrize(
    "piece",
    [b"\x16\x03\x03\x40\x00" + b"\x00" * 0x4000, b"\x14\x03\x03\x00\x01\x01" * 2000, b"\x15\x03\x03\x00\x02\x01\x00" * 2000, b"\x00" * BIG],
)
async def test_before_tls(piece: bytes) -> None:
    """A handshake that is flooded with records, alerts and rubbish ends as a failure of stage tls."""
    flood = Flood(piece)
    with within_memory():
        async with listening(flood) as port:
            target = Target(host=HOST, port=port, category="Control", workload="Control")
            seen = await open_network(NetworkSettings(timeouts=LIMITS)).fetch(Exchange(target, DIRECT, "127.0.0.1"))
    assert (seen.stage, seen.failure in {"tls_protocol", "tls_alert", "too_large", "closed"}) == ("tls", True)


@pytest.mark.parametrize("megabytes", [0, 10])
async def test_certificate_chains(tmp_path: Path, megabytes: int) -> None:
    """A chain of ten megabytes is refused by the handshake; one of sixty certificates is captured, and cut where facts are made."""
    issued = trustme.CA().issue_cert(HOST)
    leaf, key = (issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes())
    many = 60 if not megabytes else (megabytes << 20) // len(ssl.PEM_cert_to_DER_cert(leaf.decode()))
    place = tmp_path / "chain.pem"
    place.write_bytes(key + leaf * (1 + many))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    with within_memory(40 << 20):  # the server's own copy of its chain is among it
        seen = await met(Flood(b"", OK + b"Content-Length: 0\r\n\r\n"), context)
    if megabytes:
        assert (seen.stage, seen.chain) == ("tls", ())
        assert seen.failure in {"tls_protocol", "too_large"}
    else:
        assert len(seen.chain) == 61


PROXY_FLOODS = {
    "endless head": (b"Via: " + b"x" * 500 + b"\r\n", OK),
    "interim answers": (b"HTTP/1.1 103 Early\r\n\r\n" * 100, b""),
    "bad UTF-8": (b"\xff\xfe" * 8192, b""),
    "empty lines": (b"\r\n" * 1000, b""),
}


@pytest.mark.parametrize("kind", ["PROXY", "HTTPS"])
@pytest.mark.parametrize("name", PROXY_FLOODS)
async def test_proxies(authority: Authority, name: str, kind: str) -> None:
    """A proxy's endless answers to CONNECT end as a failure of stage proxy, over TLS as without."""
    flood = Flood(*PROXY_FLOODS[name])
    with within_memory():
        seen = await met(flood, authority.server("near.test") if kind == "HTTPS" else None, way=kind)
    assert (seen.stage, seen.failure in {"too_large", "proxy_malformed"}) == ("proxy", True)


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 ", OK + b"Via: box\r\n"])
async def test_slow_proxies(begin: bytes) -> None:
    """A proxy that says a little and then waits is left at the stage's limit, whatever it dribbled before."""

    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        await reader.read()
        await reader.read()

    async with listening(dribble) as port:
        target = Target(host=HOST, category="Control", workload="Control")
        way = ways_of(f"PROXY near.test:{port}")[0]
        network = open_network(NetworkSettings(timeouts=Timeouts.every(0.05)))
        seen = await network.fetch(Exchange(target, SYSTEM, "127.0.0.1", way=way))
    assert (seen.failure, seen.stage) == ("timeout", "proxy")


def bomb(data: bytes, records: int) -> bytes:
    """Return an answer whose every record is named by a pointer to a name of 126 labels."""
    query = dns.message.from_wire(data)
    name = b"\x01a" * 126 + b"\0"
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\xc0\x00\x02\x01"
    return struct.pack("!HHHHHH", query.id, 0x8180, 1, records, 0, 0) + name + struct.pack("!HH", 1, 1) + record * records


def looped(data: bytes) -> bytes:
    """Return an answer whose name points to itself."""
    query = dns.message.from_wire(data)
    return struct.pack("!HHHHHH", query.id, 0x8180, 1, 1, 0, 0) + b"\xc0\x0c" + struct.pack("!HH", 1, 1) + b"\xc0\x0c" * 8


DNS_BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "65 kB of records": lambda data: bomb(data, 3900),
    "few records, long names": lambda data: bomb(data, 200),
    "a name that points to itself": looped,
    "counts that lie": lambda data: data[:6] + b"\xff\xff\xff\xff\xff\xff" + data[12:],
    "a huge TXT": lambda data: (
        data[:2] + b"\x81\x80" + data[4:6] + b"\0\1\0\0\0\0" + data[12:] + b"\xc0\x0c\0\x10\0\1\0\0\0\0\xff\0" + b"\xff" + b"x" * 60_000
    ),
    "rubbish": lambda data: data[:2] + b"\xff" * 3000,
    "nothing but an id": lambda data: data[:2],
}


class Bombing(Resolver):
    """A resolver whose answers are made from the question's bytes."""

    def __init__(self, make: Callable[[bytes], bytes]) -> None:
        super().__init__({})
        self._make = make

    def reply(self, data: bytes) -> bytes:
        """Return what the bomb is made of."""
        return self._make(data)


@pytest.mark.parametrize("name", DNS_BOMBS)
async def test_dns(name: str) -> None:
    """Bombs in DNS are a failed lookup, never more."""
    async with resolving(Bombing(DNS_BOMBS[name])) as place:
        with within_memory():
            found = await open_network(NetworkSettings((place,), ipv6=True, timeouts=Timeouts.every(0.3))).resolve(HOST)
    assert (found.stage, found.answers) == ("dns", ())
    assert found.failure in {"dns_malformed", "too_large", "timeout", "dns_no_data", "unknown"}


async def test_dns_over_tcp_of_more_than_is_read() -> None:
    """An answer that was cut short and comes as 64 kB over TCP is not read to its end."""

    class Large(Resolver):
        def reply(self, data: bytes) -> bytes:
            return data[:2] + b"\x83\x80" + data[4:]  # TC: ask again over TCP

        async def over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            size = int.from_bytes(await reader.readexactly(2))
            answer = bomb(await reader.readexactly(size), 3900)
            writer.write(len(answer).to_bytes(2) + answer)
            await reader.read()

    async with resolving(Large({})) as place:
        found = await open_network(NetworkSettings((place,), ipv6=False)).resolve(HOST)
    assert (found.failure, found.error) == ("too_large", f"an answer of more than {MAX_MESSAGE} bytes")


@contextlib.asynccontextmanager
async def flooding_resolver(datagrams: int) -> AsyncIterator[str]:
    """Serve a resolver that answers each question with very many datagrams to other questions."""

    class Strange(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            other = bytes([data[0] ^ 1]) + data[1:]
            for _ in range(datagrams):
                self.transport.sendto(other, addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Strange, local_addr=("127.0.0.1", 0))
    try:
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()
        await asyncio.sleep(0)


async def test_dns_answers_to_other_questions() -> None:
    """A resolver that floods with answers to other questions is not listened to for ever."""
    async with flooding_resolver(4 * MAX_STRANGE) as place:
        found = await open_network(NetworkSettings((place,), ipv6=False, timeouts=LIMITS)).resolve(HOST)
    assert (found.failure, found.error) == ("dns_malformed", "only answers to other questions came")


async def test_a_flood_does_not_hold_the_loop() -> None:
    """While one peer sends as fast as it can, a timer of somebody else still gets its turn between two reads."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with asyncio.TaskGroup() as group:
        other = group.create_task(others(), name="others")
        seen = await met(Flood(b"x" * READ_BYTES, OK + b"Content-Length: 1000000\r\n\r\n"))
        other.cancel()
    assert seen.status == 200
    assert turns >= 3


def speakers() -> Iterator[Speaker]:
    """Give each protocol's side of a request that was sent."""
    for one in (Http1(), Http2()):
        one.start(HOST, "/", "https", ())
        yield one


SCRAPS = [
    OK,
    b"\r\n",
    b"HTTP/1.1 100 C\r\n\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
]
SCRAPS += [SETTINGS, HEADERS, frame(0, 1, 1, b"body"), frame(7, 0, 0, b"\0" * 8), frame(3, 0, 1, b"\0\0\0\1"), frame(9, 4, 1, b"\x88")]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=64) | st.sampled_from(SCRAPS), max_size=16))
def test_any_answer(pieces: list[bytes]) -> None:
    """Whatever bytes come in whatever pieces, a parser takes them or says Failed."""
    for speaks in speakers():
        with contextlib.suppress(Failed):
            for piece in pieces:
                speaks.feed(piece)
            speaks.end()


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=200)), max_size=40))
def test_any_headers(headers: list[tuple[str, str]]) -> None:
    """Whatever header fields hold, what is kept of them fits the wire."""
    kept = stable(tuple(headers))
    assert all(len(name) <= 64 and len(value) <= 512 for name, value in kept.items())
    front_door(tuple(headers))


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "a-" * 500_000, "a." * 500_000, "/a" * 500_000, "1" * 1_000_000, ":" * 1_000_000, "a:" * 500_000]
)
def test_a_peers_text_is_scrubbed_in_bounded_time(text: str) -> None:
    """A megabyte of one character, against which the patterns would work for hours, is cut before they look at it."""
    assert len(scrub(text)) <= MAX_TEXT


@pytest.mark.parametrize("name", ["x-msedge-ref", "via", "server", "x-cache", "location", "nel", "report-to", "proxy-authenticate"])
@pytest.mark.parametrize(
    "text", ["a" * 65_000, "Ref B:" * 10_000, "a1" * 32_000, "from " * 13_000, "//" * 32_000, 'x realm="' * 7_000, "F" * 65_000]
)
def test_headers_of_64_kilobytes(name: str, text: str) -> None:
    """The longest header that is read makes no pattern work by its square."""
    headers = ((name, text),)
    assert all(len(value) <= 512 for value in stable(headers).values())
    front_door(headers)
