"""HTTP/1.1 of the world: request after request, bodies, HEAD, and peers that speak something else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import h11
import pytest

from demo.world.http1 import MAX_BODY_BYTES, Request, ask, host_of, serve
from demo.world.listening import listening
from demo.world.relay import connected
from demo.world.services import Answer

GET = Request("GET", "/", (("Host", "A.example:8080"), ("X-oDd", "1"), ("X-oDd", "2")))


@asynccontextmanager
async def served() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, list[Request]]]:
    """Serve an echo of paths and bodies; yield a connection to it and what it was asked."""
    asked: list[Request] = []

    async def answering(request: Request) -> Answer:
        asked.append(request)
        return Answer(204 if request.path == "/none" else 200, (("X-Path", request.path),), request.body)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer, answering)

    async with listening(handler) as port, connected(port) as (reader, writer):
        yield reader, writer, asked


async def test_requests_as_they_arrive() -> None:
    """Case, order and repeats of header fields are kept both ways; one connection serves several requests."""
    async with served() as (reader, writer, asked):
        first = await ask(reader, writer, GET)
        post = Request("POST", "/form", (("Host", "a.example"), ("Content-Length", "3")), b"a=1")
        second = await ask(reader, writer, post)
    assert asked == [GET, post]
    assert (first.status, first.headers, first.body) == (200, (("X-Path", "/"), ("Content-Length", "0")), b"")
    assert second.body == b"a=1"
    assert host_of(GET.headers) == "a.example"
    assert host_of(()) == ""


async def test_answers_without_a_body() -> None:
    """A 204 has no length, an answer to HEAD the length of what it leaves out."""
    async with served() as (reader, writer, _):
        writer.write(
            b"GET /none HTTP/1.1\r\nHost: a\r\n\r\nHEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nxx"
        )
        told = await reader.read(-1)
    assert told == b"HTTP/1.1 204 \r\nX-Path: /none\r\n\r\nHTTP/1.1 200 \r\nX-Path: /x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "nonsense",
    [b"\x16\x03\x01 nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n" + b"x" * (MAX_BODY_BYTES + 1)],
    ids=["not HTTP", "too large"],
)
async def test_nonsense(nonsense: bytes) -> None:
    """What is not HTTP, or too large, ends the connection without an answer."""
    async with served() as (reader, writer, asked):
        writer.write(nonsense)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            assert await reader.read() == b""
        assert asked == []


async def test_answer_cut_short() -> None:
    """An answer that ends before its length is a breach of protocol."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort")

    async with listening(handler) as port, connected(port) as (reader, writer):
        with pytest.raises(h11.RemoteProtocolError):
            await ask(reader, writer, GET)
