"""The feed's one request against real sockets: every failure is a value with a sentence, and nothing unverified is believed."""

import asyncio
import ssl

import pytest
import trustme

from server.feed.client import MAX_BYTES, WebService
from tests.fakes.endpoint_service import endpoint_service
from tests.fakes.places import listening
from tests.servers.process import free_port


async def test_a_good_answer_and_its_query() -> None:
    """Status and body as they came; the query is sent."""
    async with endpoint_service() as service:
        reply = await WebService(service.url).get("/version/Worldwide", {"ClientRequestId": "a-b"})
    assert (reply.status, reply.body, reply.fault) == (200, b'{"instance": "Worldwide", "latest": "2026081400"}', "")
    assert service.asked == [("/version/Worldwide", {"ClientRequestId": "a-b"})]


@pytest.mark.parametrize(
    ("headers", "wait"), [({}, 0.0), ({"Retry-After": "7200"}, 7200.0), ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0)]
)
async def test_too_many_requests(headers: dict[str, str], wait: float) -> None:
    """The pause it asks for is told in seconds; a date is not read, our own pause holds then."""
    async with endpoint_service() as service:
        service.wrong["version"] = (429, headers, b"")
        reply = await WebService(service.url).get("/version/Worldwide", {})
    assert (reply.status, reply.retry_after_s) == (429, wait)


async def test_what_is_too_large_is_left() -> None:
    """Reading ends at the limit, whatever follows."""
    async with endpoint_service() as service:
        service.wrong["endpoints"] = (200, {}, bytes(MAX_BYTES + 1))
        reply = await WebService(service.url).get("/endpoints/Worldwide", {})
    assert (reply.status, reply.body) == (0, b"")
    assert "more than 4 MiB" in reply.fault


async def test_a_redirect_is_not_followed() -> None:
    """A portal's way to its own page is no answer."""
    async with endpoint_service() as service:
        service.wrong["version"] = (302, {"Location": f"{service.url}/portal"}, b"")
        assert (await WebService(service.url).get("/version/Worldwide", {})).status == 302
    assert len(service.asked) == 1


async def test_nobody_there_and_cut_short() -> None:
    """A closed port, an answer that ends too soon, and one that never ends are sentences."""

    async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[")
        await writer.drain()
        writer.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    reply = await WebService(f"http://127.0.0.1:{free_port()}").get("/version/China", {})
    assert "cannot be reached (Connect call failed" in reply.fault
    assert not reply.reached
    async with listening(cut) as port:
        assert "ClientPayloadError" in (await WebService(f"http://127.0.0.1:{port}").get("/version/China", {})).fault
    async with listening(silent) as port:
        reply = await WebService(f"http://127.0.0.1:{port}", timeout_s=0.05).get("/version/China", {})
    assert "no whole answer within 0.05 s" in reply.fault
    assert reply.reached


async def test_a_certificate_nobody_vouches_for() -> None:
    """An inspected way out is told as what it is, and nothing is sent."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    async with listening(serve, context) as port:
        reply = await WebService(f"https://127.0.0.1:{port}").get("/version/China", {})
    assert "the centre's own way out is inspected, or this machine lacks public roots" in reply.fault
    assert (heard, reply.reached) == ([], False)


async def test_a_proxy_is_used() -> None:
    """What is configured is asked, with the whole address."""
    heard: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        await writer.drain()
        writer.close()

    async with listening(proxy) as port:
        reply = await WebService("http://127.0.0.1:9", f"http://127.0.0.1:{port}").get("/version/China", {})
    assert reply.body == b"[]"
    assert heard == [b"GET http://127.0.0.1:9/version/China HTTP/1.1\r\n"]
