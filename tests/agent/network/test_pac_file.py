"""Where PAC files come from: a web server on loopback, a disk, WPAD's names."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from agent.network.net import Network, Resolution
from agent.network.open import open_network
from agent.network.pac_file import NoFileError, pac_text, wpad_text
from agent.network.settings import NetworkSettings
from agent.pac.asking import MAX_SCRIPT_BYTES
from tests.fakes.network import FakeNetwork
from tests.fakes.places import Authority, Handler, Resolver, answers, listening, resolving
from wire.facts import ChainTrust
from wire.vocabulary import Trust

SCRIPT = b"function FindProxyForURL(url, host) { return 'DIRECT'; }"


def response(body: bytes = SCRIPT, head: bytes = b"200 OK") -> bytes:
    """Return an HTTP response."""
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


@contextlib.asynccontextmanager
async def served(handler: Handler, authority: Authority | None = None, trust: Trust = "trusted") -> AsyncIterator[Network]:
    """Serve `pac.test` and `wpad.lyon.test` at their usual ports, as the laboratory's map has it."""

    async def check(chain: Sequence[bytes], host: str) -> ChainTrust:
        assert (len(chain) > 0, host) == (True, "pac.test")
        return ChainTrust(os=trust, public="no_root")

    context = authority.server("pac.test") if authority else None
    names = {"pac.test": ("A 127.0.0.1",), "wpad.lyon.test": ("A 127.0.0.1",)}
    async with listening(handler, context) as port, resolving(Resolver(names)) as place:
        connect = {f"{host}:{port_there}": f"127.0.0.1:{port}" for host in names for port_there in (80, 443)}
        yield open_network(NetworkSettings((place,), connect, ipv6=False), check)


async def why(url: str, net: Network) -> str:
    """Return why there is no file."""
    with pytest.raises(NoFileError) as told:
        await pac_text(url, net)
    return str(told.value)


async def test_from_a_web_server() -> None:
    """The file's text is what the server sent, without a byte order mark."""
    async with served(answers(response(b"\xef\xbb\xbf" + SCRIPT))) as net:
        assert await pac_text("http://pac.test/proxy.pac?site=5", net) == SCRIPT.decode()


async def test_redirects() -> None:
    """A redirect is followed, relative ones too, but not for ever."""
    heads: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        moved = response(b"", b"302 Found\r\nLocation: /moved.pac")
        writer.write(response() if b"moved" in heads[-1] else moved)

    async with served(handler) as net:
        assert await pac_text("http://pac.test/proxy.pac", net) == SCRIPT.decode()
    assert heads == [b"GET /proxy.pac HTTP/1.1", b"GET /moved.pac HTTP/1.1"]
    async with served(answers(response(b"", b"302 Found\r\nLocation: /proxy.pac"))) as net:
        assert await why("http://pac.test/proxy.pac", net) == "too many redirects"
    for location in (b"", b"ftp://pac.test/x", b"http://[", b"http:///x"):
        async with served(answers(response(b"", b"302 Found\r\nLocation: " + location))) as net:
            assert await why("http://pac.test/proxy.pac", net)


@pytest.mark.parametrize("trust", ["trusted", "no_root", "name", "unchecked"])
async def test_over_tls_only_when_trusted(trust: Trust) -> None:
    """A file over TLS counts only when this machine's own store trusts the server."""
    async with served(answers(response()), Authority(), trust) as net:
        if trust == "trusted":
            assert await pac_text("https://pac.test/proxy.pac", net) == SCRIPT.decode()
        else:
            assert await why("https://pac.test/proxy.pac", net) == f"certificate {trust}"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response(b"", b"404 Not Found"), "status 404"),
        (response(b"<html>log in here</html>"), "no_function"),
        (response(SCRIPT + b" " * MAX_SCRIPT_BYTES), "too_large"),
        (b"SSH-2.0-x\r\n\r\n", "http_protocol"),
        (b"", "closed"),
    ],
)
async def test_no_file(answer: bytes, reason: str) -> None:
    """A missing page, a portal's page, too much, rubbish and silence each have their reason."""
    async with served(answers(answer)) as net:
        assert await why("http://pac.test/proxy.pac", net) == reason


@pytest.mark.parametrize("url", ["", "pac.test/x", "ftp://pac.test/x", "http://", "http://[", "http://pac.test:port/", "javascript:1"])
async def test_no_url(url: str) -> None:
    """What is no URL of a file is a reason, and nothing is looked up."""
    net = FakeNetwork()
    assert await why(url, net)
    assert net.looked_up == []


async def test_from_disk(tmp_path: Path) -> None:
    """A file on disk is read, up to the same bound; a device, a folder and a missing file are not."""
    net = FakeNetwork()
    place = tmp_path / "my proxy.pac"
    place.write_bytes(SCRIPT)
    assert await pac_text(place.as_uri(), net) == SCRIPT.decode()
    assert await pac_text(f"file://localhost{place.as_uri()[7:]}", net) == SCRIPT.decode()
    place.write_bytes(SCRIPT + b" " * MAX_SCRIPT_BYTES)
    assert await why(place.as_uri(), net) == "too_large"
    for url in ("file:///dev/zero", tmp_path.as_uri(), (tmp_path / "none").as_uri(), "file:///C:/none.pac", "file:///%00"):
        assert await why(url, net) in {"not_found", "unreadable"}


async def test_wpad() -> None:
    """The domains are asked in order, a few of them, and the first that has a file counts."""
    async with served(answers(response())) as net:
        assert await wpad_text(["paris.test", "lyon.test"], net) == SCRIPT.decode()
    fake = FakeNetwork({"wpad.late.test": Resolution("kernel", ("192.0.2.1",))})
    with pytest.raises(NoFileError, match="not_found"):
        await wpad_text(["a.test", "b.test", "c.test", "late.test"], fake)
    assert fake.looked_up == ["wpad.a.test", "wpad.b.test", "wpad.c.test"]
    with pytest.raises(NoFileError, match="no search domain"):
        await wpad_text([], fake)
