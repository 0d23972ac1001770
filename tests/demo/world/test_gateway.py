"""The inspecting device alone: what it forwards, what it adds and takes away, and that it trusts no front door without a public chain."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from demo.authority import PublicAuthorities, Shelf
from demo.world import http1
from demo.world.gateway import gateway_contexts, inspecting, inspecting_root
from demo.world.http1 import Request, ask
from demo.world.listening import by_name, listening, serving_leaf
from demo.world.relay import Way
from demo.world.services import Answer
from tests.demo.world.conftest import NOW

HOST = "outlook.office365.com"
POST = Request("POST", "/x?y", (("Host", HOST), ("X-mW-cAnArY", "one"), ("Connection", "close"), ("Content-Length", "3")), b"a=1")


@asynccontextmanager
async def origin(shelf: Shelf, asked: list[Request]) -> AsyncIterator[int]:
    """Serve HOST and keep what is asked."""

    async def answering(request: Request) -> Answer:
        asked.append(request)
        return Answer(200, (("Alt-Svc", 'h3=":443"'), ("X-FEServer", "a"), ("X-FEServer", "b")), b"body of it")

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await http1.serve(reader, writer, answering)

    contexts = {HOST: serving_leaf(PublicAuthorities(shelf).leaf(HOST).file, ())}
    async with listening(handler, by_name(contexts, ())) as port:
        yield port


async def through(shelf: Shelf, far: int, trusted: bytes, request: Request) -> Answer:
    """Ask through a gateway that trusts front doors below `trusted`, as a machine that trusts the customer's root."""
    upstream = ssl.create_default_context(cadata=trusted.decode())
    contexts = gateway_contexts(shelf, PublicAuthorities(shelf), "Frankfurt am Main / Süd" * 9, [HOST])
    machine = ssl.create_default_context(cadata=inspecting_root(shelf).pem.decode())
    async with inspecting(contexts, upstream, Way(far, 0.0)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=machine, server_hostname=HOST)
        try:
            return await ask(reader, writer, request)
        finally:
            writer.close()


async def test_both_directions(tmp_path: Path) -> None:
    """Method, path, body and fields go through with Squid's marks; own fields of a connection and the way to HTTP/3 are left out."""
    shelf, asked = Shelf(tmp_path, NOW), list[Request]()
    async with origin(shelf, asked) as far:
        answer = await through(shelf, far, PublicAuthorities(shelf).root.pem, POST)
    (request,) = asked
    assert (request.method, request.path, request.body) == ("POST", "/x?y", b"a=1")
    assert [name for name, _ in request.headers] == [
        "Host",
        "X-mW-cAnArY",
        "Via",
        "X-Forwarded-For",
        "Cache-Control",
        "Connection",
        "Content-Length",
    ]
    assert (answer.status, answer.body) == (200, b"body of it")
    assert [name for name, _ in answer.headers][:5] == ["X-FEServer", "X-FEServer", "X-Cache", "X-Cache-Lookup", "Via"]
    assert dict(answer.headers)["Via"] == "1.1 gateway.contoso.example (squid/5.7)"


async def test_front_door_without_a_public_chain(tmp_path: Path) -> None:
    """A front door whose chain the public roots do not accept is not asked, and the client is told why."""
    shelf, asked = Shelf(tmp_path, NOW), list[Request]()
    async with origin(shelf, asked) as far:
        answer = await through(shelf, far, inspecting_root(shelf).pem, POST)
    assert (answer.status, asked) == (503, [])
    assert dict(answer.headers)["X-Squid-Error"] == "ERR_SECURE_CONNECT_FAIL 0"


async def test_front_door_gone(tmp_path: Path) -> None:
    """A front door that does not answer is told as Squid tells it."""
    shelf = Shelf(tmp_path, NOW)
    async with origin(shelf, []) as far:
        pass
    answer = await through(shelf, far, PublicAuthorities(shelf).root.pem, POST)
    assert (answer.status, dict(answer.headers)["X-Squid-Error"]) == (503, "ERR_CONNECT_FAIL 0")
    assert dict(answer.headers)["Server"] == "squid/5.7"
