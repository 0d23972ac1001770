"""The staged exchange against real sockets on loopback: every stage's success and every way it fails."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

import pytest

from agent.network.net import ALPN_ANY, ALPN_HTTP1, Exchange, Fetched
from agent.network.open import open_network
from agent.network.request import MAX_BODY_BYTES, MAX_HEAD_BYTES
from agent.network.settings import NetworkSettings, Timeouts
from agent.network.way import Way, ways_of
from tests.contracts.network import phases
from tests.fakes.places import HELLO, Authority, Handler, answers, h2_answers, listening, proxy, silent
from wire.target import DIRECT, SYSTEM, Route, Target
from wire.vocabulary import Protocol

HOST = "good.test"
SOON = Timeouts.every(0.05)
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 box\r\n\r\n"
ALERT = b"\x15\x03\x03\x00\x02\x02\x28"  # TLS record: alert, fatal, handshake_failure


def target(port: int, protocol: Protocol = "https", host: str = HOST) -> Target:
    """Return a target at a port of the test's."""
    return Target(host=host, port=port, protocol=protocol, category="Control", workload="Control")


async def fetch(request: Exchange, *, timeouts: Timeouts | None = None, connect: dict[str, str] | None = None) -> Fetched:
    """Make one exchange on the clock of this machine."""
    return await open_network(NetworkSettings(timeouts=timeouts or Timeouts(), connect=connect or {})).fetch(request)


async def at(
    handler: Handler, context: ssl.SSLContext | None = None, *, timeouts: Timeouts | None = None, alpn: tuple[str, ...] = ALPN_ANY
) -> Fetched:
    """Serve `handler` and make one HTTPS exchange with it."""
    async with listening(handler, context) as port:
        return await fetch(Exchange(target(port), DIRECT, "127.0.0.1", alpn=alpn), timeouts=timeouts)


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Return one throw-away authority for all tests: making one costs more than they do."""
    return Authority()


def failed(seen: Fetched) -> tuple[object, object]:
    """Return how and where an exchange failed."""
    return seen.failure, seen.stage


async def test_http2_by_alpn(authority: Authority) -> None:
    """ALPN h2 is spoken as HTTP/2, and every phase is there and adds up."""
    context = authority.server(HOST, ("h2", "http/1.1"))
    seen = await at(h2_answers([(":status", "200"), ("server", "odd")], b"x" * 100_000), context)
    assert (failed(seen), seen.http, seen.alpn, seen.status) == ((None, None), "HTTP/2", "h2", 200)
    assert seen.headers == (("server", "odd"),)
    assert seen.body_bytes == 100_000
    assert (seen.tls, seen.cipher is not None) == ("TLSv1.3", True)
    assert abs((seen.total_ms or 0) - phases(seen)) <= 1.0


async def test_tls_12(authority: Authority) -> None:
    """TLS 1.2, where the server speaks last in the handshake, works the same."""
    context = authority.server(HOST)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    seen = await at(answers(HELLO), context)
    assert (failed(seen), seen.tls, seen.status) == ((None, None), "TLSv1.2", 200)


async def test_body_until_close(authority: Authority) -> None:
    """A response without a length ends with the connection, also in HTTP/1.0."""
    seen = await at(answers(b"HTTP/1.0 200 OK\r\n\r\nabc"), authority.server(HOST, ()))
    assert (failed(seen), seen.body, seen.http, seen.alpn) == ((None, None), b"abc", "HTTP/1.0", None)


async def test_chain_as_sent_unverified() -> None:
    """A certificate for another name, of an authority nobody knows, is captured as sent and stops nothing."""
    context = Authority().server("other.test")
    async with listening(answers(HELLO), context) as port:
        seen = await fetch(Exchange(target(port), DIRECT, "127.0.0.1"))
        served = ssl.PEM_cert_to_DER_cert(await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port)))
    assert failed(seen) == (None, None)
    assert seen.chain == (served,)


async def test_connect_address_and_name_are_apart(authority: Authority) -> None:
    """SNI and Host follow the name, the socket follows the address."""
    names: list[str | None] = []
    context = authority.server(HOST)
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    seen = await at(answers(HELLO), context)
    assert failed(seen) == (None, None)
    assert names == [HOST]
    assert dict(seen.sent_headers)["Host"].startswith(HOST)


async def test_ipv6(authority: Authority) -> None:
    """The loopback of IPv6 works like that of IPv4."""
    async with listening(answers(HELLO), authority.server(HOST), host="::1") as port:
        seen = await fetch(Exchange(target(port), DIRECT, "::1"))
    assert (failed(seen), seen.status) == ((None, None), 200)


async def test_laboratory_map(authority: Authority) -> None:
    """The map sends a real place's socket to loopback, by name or by address; the rest of the exchange does not know."""
    async with listening(answers(HELLO), authority.server(HOST)) as port:
        for key in (f"{HOST}:443", "192.0.2.7:443"):
            seen = await fetch(Exchange(target(443), DIRECT, "192.0.2.7"), connect={key: f"127.0.0.1:{port}"})
            assert (failed(seen), dict(seen.sent_headers)["Host"]) == ((None, None), HOST)


async def test_plain_http() -> None:
    """A target of protocol http has neither TLS nor chain."""
    async with listening(answers(HELLO)) as port:
        seen = await fetch(Exchange(target(port, "http"), DIRECT, "127.0.0.1"))
    assert (failed(seen), seen.body, seen.tls_ms, seen.chain) == ((None, None), b"hello", None, ())


async def test_unreachable() -> None:
    """An address without a route is unreachable; connecting to the broadcast address sends nothing."""
    seen = await fetch(Exchange(target(443), DIRECT, "255.255.255.255"))
    assert failed(seen) == ("unreachable", "connect")


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="a full backlog drops SYNs on Linux")
async def test_connect_timeout() -> None:
    """A SYN nobody answers ends with the stage's time limit, and the wait is in the rest."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as stack:
        place = full.getsockname()
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the socket's own signature
            waiting.connect_ex(place)
        seen = await fetch(Exchange(target(place[1]), DIRECT, "127.0.0.1"), timeouts=SOON)
    assert failed(seen) == ("timeout", "connect")
    assert seen.connect_ms is None
    assert seen.unaccounted_ms == seen.total_ms


async def test_tls_timeout() -> None:
    """A server that takes the ClientHello and is silent times out in tls; the connect before it has its time."""
    seen = await at(silent, timeouts=SOON)
    assert failed(seen) == ("timeout", "tls")
    assert seen.connect_ms is not None
    assert seen.tls_ms is None


async def test_first_byte_timeout(authority: Authority) -> None:
    """A server silent after the handshake times out in first_byte; what TLS said is kept."""
    seen = await at(silent, authority.server(HOST), timeouts=SOON)
    assert failed(seen) == ("timeout", "first_byte")
    assert seen.tls_ms is not None
    assert seen.chain


async def test_body_timeout(authority: Authority) -> None:
    """A body that stops times out in body; status and first byte are kept."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        await reader.read()

    seen = await at(half, authority.server(HOST), timeouts=SOON)
    assert (failed(seen), seen.status, seen.body_bytes) == (("timeout", "body"), 200, 4)
    assert seen.first_byte_ms is not None


async def test_tls_alert() -> None:
    """A fatal alert is named as such."""

    async def alert(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(ALERT)
        await reader.read()

    seen = await at(alert)
    assert failed(seen) == ("tls_alert", "tls")
    assert "HANDSHAKE_FAILURE" in (seen.error or "")


async def test_not_tls() -> None:
    """A server that answers in plain HTTP does not speak TLS."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    assert failed(await at(plain)) == ("tls_protocol", "tls")


async def _close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write_eof()
    await _reader.read()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@pytest.mark.parametrize(("handler", "failure"), [(_close, "closed"), (_reset, "reset")])
async def test_ended_in_tls(handler: Handler, failure: str) -> None:
    """A close and a reset in the handshake are told apart."""
    assert failed(await at(handler)) == (failure, "tls")


@pytest.mark.parametrize(
    ("response", "failure", "stage"),
    [
        (b"", "closed", "first_byte"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "closed", "body"),
        (b"HTTP/1.1 200 O", "closed", "body"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "http_protocol", "first_byte"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n", "too_large", "body"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * (MAX_BODY_BYTES + 1), "too_large", "body"),
    ],
    ids=["nothing", "half a body", "half a head", "not HTTP", "head too large", "body too large"],
)
async def test_bad_responses(authority: Authority, response: bytes, failure: str, stage: str) -> None:
    """What is no whole HTTP response, or too much of one, is a value with its stage."""
    assert failed(await at(answers(response), authority.server(HOST))) == (failure, stage)


@contextlib.asynccontextmanager
async def behind_proxy(authority: Authority, reply: bytes, *, joins: bool) -> AsyncIterator[tuple[Exchange, int]]:
    """Serve a front door and a proxy before it; yield the exchange through both."""
    async with listening(answers(HELLO), authority.server(HOST)) as port, listening(proxy(reply, port if joins else None)) as near:
        yield Exchange(target(port), Route(name="office", kind="proxy", proxy=f"127.0.0.1:{near}"), "127.0.0.1"), port


async def test_tunnel(authority: Authority) -> None:
    """Through CONNECT the phases hold the proxy's part, and the far end's chain is the far end's."""
    async with behind_proxy(authority, ESTABLISHED, joins=True) as (request, _):
        seen = await fetch(request)
    assert (failed(seen), seen.status, seen.proxy_status, seen.proxy_headers) == ((None, None), 200, 200, (("Via", "1.1 box"),))
    assert seen.proxy_ms is not None
    assert seen.chain
    assert abs((seen.total_ms or 0) - phases(seen)) <= 1.0


@pytest.mark.parametrize(
    ("reply", "failure", "status"),
    [
        (b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n", "proxy_auth", 407),
        (b"HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", "proxy_auth", 401),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "proxy_denied", 403),
        (b"220 smtp ready\r\n\r\n", "proxy_malformed", None),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * MAX_HEAD_BYTES * 2, "too_large", None),
        (b"", "timeout", None),
    ],
)
async def test_proxy_refusals(authority: Authority, reply: bytes, failure: str, status: int | None) -> None:
    """What a proxy answers instead of a tunnel is a value of stage proxy, its headers kept."""
    async with behind_proxy(authority, reply, joins=False) as (request, _):
        seen = await fetch(request, timeouts=SOON)
    assert (failed(seen), seen.proxy_status) == ((failure, "proxy"), status)
    assert (seen.proxy_ms, seen.tls_ms) == (None, None)
    assert seen.connect_ms is not None
    if status == 407:
        assert seen.error == "the proxy answered 407 to CONNECT and demands Negotiate"


async def test_plain_http_through_a_proxy() -> None:
    """Without TLS there is no tunnel: the proxy is asked for the absolute address (RFC 9112, 3.2.2)."""
    lines: list[bytes] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(HELLO)
        await reader.read()

    async with listening(forward) as near:
        seen = await fetch(Exchange(target(80, "http"), Route(name="office", kind="proxy", proxy=f"127.0.0.1:{near}"), "127.0.0.1"))
    assert failed(seen) == (None, None)
    assert lines == [b"GET http://good.test/ HTTP/1.1"]


@pytest.mark.parametrize("path", ["no\r\nway", "/é"])
async def test_unspeakable_path(authority: Authority, path: str) -> None:
    """A path no request line can carry is a value too: it came from a plan, not from us."""
    async with listening(answers(HELLO), authority.server(HOST)) as port:
        seen = await fetch(Exchange(target(port), DIRECT, "127.0.0.1", path=path, alpn=ALPN_HTTP1))
    assert seen.stage == "request"
    assert seen.failure is not None


async def test_password_demanded_of_plain_http() -> None:
    """A proxy that demands a password of a request without TLS says so in its answer: the same failure, and the schemes are kept."""
    answer = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
    async with listening(answers(answer)) as near:
        office = Route(name="office", kind="proxy", proxy=f"127.0.0.1:{near}")
        seen = await fetch(Exchange(target(80, "http"), office, "127.0.0.1"))
    assert (failed(seen), seen.status) == (("proxy_auth", "proxy"), 407)
    assert seen.error == "the proxy answered 407 and demands Basic"
    assert ("Proxy-Authenticate", "Basic realm=x") in seen.headers


@pytest.mark.parametrize("protocol", ["https", "http"])
async def test_password_of_the_configuration(protocol: Protocol) -> None:
    """The configured password goes to its proxy, with CONNECT or with the request, and is not kept among what was sent."""
    heads: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async with listening(refuse) as near:
        place = f"127.0.0.1:{near}"
        network = open_network(NetworkSettings(logins={place: "anna:secret"}))
        seen = await network.fetch(Exchange(target(443, protocol), Route(name="office", kind="proxy", proxy=place), "127.0.0.1"))
    assert b"Proxy-Authorization: Basic YW5uYTpzZWNyZXQ=" in heads[0]
    assert "Proxy-Authorization" not in dict(seen.sent_headers)
    assert "secret" not in repr(NetworkSettings(logins={place: "anna:secret"}))


async def test_proxy_over_tls(authority: Authority) -> None:
    """A proxy that wants TLS gets it, with a tunnel inside; its part is one phase, and the far end's chain is the far end's."""
    near_authority = Authority()
    async with listening(answers(HELLO), authority.server(HOST)) as port:
        async with listening(proxy(ESTABLISHED, port), near_authority.server("near.test")) as near:
            way = ways_of(f"HTTPS near.test:{near}")[0]
            seen = await fetch(Exchange(target(port), SYSTEM, "127.0.0.1", way=way))
        direct = await fetch(Exchange(target(port), DIRECT, "127.0.0.1"))
    assert (failed(seen), seen.status, seen.proxy_status) == ((None, None), 200, 200)
    assert seen.chain == direct.chain
    assert seen.proxy_ms is not None
    assert abs((seen.total_ms or 0) - phases(seen)) <= 1.0


async def test_proxy_over_tls_that_has_none() -> None:
    """A proxy that should speak TLS and does not is a failure of stage proxy, after which the next way is tried."""
    async with listening(answers(HELLO)) as near:
        way = ways_of(f"HTTPS near.test:{near}")[0]
        seen = await fetch(Exchange(target(443), SYSTEM, "127.0.0.1", way=way), timeouts=Timeouts.every(1.0))
    assert seen.stage == "proxy"
    assert seen.failure in {"tls_protocol", "timeout", "closed", "tls_alert"}


async def test_proxy_of_a_kind_not_spoken() -> None:
    """SOCKS is told as what it is, and nothing is connected to."""
    seen = await fetch(Exchange(target(443), SYSTEM, "127.0.0.1", way=ways_of("SOCKS5 near.test:1080")[0]))
    assert (failed(seen), seen.connect_ms) == (("proxy_unsupported", "proxy"), None)
    assert "SOCKS5" in (seen.error or "")


async def test_from_an_own_address() -> None:
    """A connection comes from the address its way names; one that is not this machine's cannot be had."""
    peers: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername")[0])
        await answers(HELLO)(reader, writer)

    async with listening(note) as port:
        for own in ("127.0.0.3", "203.0.113.9"):
            way = Way("source", own, addresses=(own,))
            seen = await fetch(Exchange(target(port, "http"), DIRECT, "127.0.0.1", way=way))
            wanted = (None, None) if own == "127.0.0.3" else ("unreachable", "connect")
            assert failed(seen) == wanted
        gone = await fetch(Exchange(target(port, "http"), DIRECT, "127.0.0.1", way=Way("source", "eth9")))
    assert (peers, failed(gone)) == (["127.0.0.3"], ("unreachable", "connect"))


async def test_by_an_interface() -> None:
    """An interface's name with its address works where the system lets it be bound, and where it does not."""
    async with listening(answers(HELLO)) as port:
        way = Way("source", "lo", addresses=("127.0.0.1",))
        seen = await fetch(Exchange(target(port, "http"), DIRECT, "127.0.0.1", way=way))
    assert (failed(seen), seen.status) == ((None, None), 200)
