"""HTTP/2 of the world: several requests at once, HEAD, and a peer that speaks something else."""

import asyncio

import h2.config
import h2.connection
import h2.events
import pytest

from demo.world.http1 import Request
from demo.world.http2 import serve
from demo.world.listening import listening
from demo.world.relay import connected
from demo.world.services import Answer


async def answering(request: Request) -> Answer:
    """Answer with what was asked."""
    status = 204 if request.path == "/none" else 200
    return Answer(status, (("X-Asked", f"{request.method} {request.path}"),), b"" if status == 204 else b"hello")


async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve it."""
    await serve(reader, writer, answering)


async def test_several_at_once() -> None:
    """Each stream gets its own answer with lower-case names; 204 and HEAD have no body."""
    client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    client.initiate_connection()
    asked = {1: ("GET", "/a"), 3: ("HEAD", "/b"), 5: ("GET", "/none")}
    for stream, (method, path) in asked.items():
        fields = [(":method", method), (":authority", "a.example"), (":scheme", "https"), (":path", path)]
        client.send_headers(stream, fields, end_stream=True)
    heads: dict[int, dict[str, str]] = {}
    bodies: dict[int, bytes] = {}
    ended: set[int] = set()
    async with listening(handler) as port, connected(port) as (reader, writer):
        writer.write(client.data_to_send())
        while ended != set(asked):
            for event in client.receive_data(await reader.read(65_536)):
                if isinstance(event, h2.events.ResponseReceived):
                    heads[event.stream_id] = {str(name): str(value) for name, value in event.headers or ()}
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] = event.data or b""
                elif isinstance(event, h2.events.StreamEnded):
                    ended.add(event.stream_id)
    assert {stream: head["x-asked"] for stream, head in heads.items()} == {1: "GET /a", 3: "HEAD /b", 5: "GET /none"}
    assert [heads[stream].get("content-length") for stream in asked] == ["5", "5", None]
    assert bodies == {1: b"hello"}


async def test_nonsense() -> None:
    """What is not HTTP/2 ends the connection."""
    async with listening(handler) as port, connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises((ConnectionError, EOFError)):
            await reader.readexactly(10_000)
