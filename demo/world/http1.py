"""HTTP/1.1 on a stream: the server's side for any answer, and one request of the client's side. Framing is h11's; no meaning here."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import h11

from demo.world.services import Answer, Fields

_READ = 65_536
MAX_BODY_BYTES = 1 << 20
"""A probe asks with GET; a form is some kilobytes."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived: header fields in the order and case of the wire."""

    method: str
    path: str
    headers: Fields
    body: bytes = b""


def host_of(fields: Fields) -> str:
    """Return the name in the Host field, without a port; empty when there is none."""
    return next((value for name, value in fields if name.lower() == "host"), "").partition(":")[0].lower()


Answering = Callable[[Request], Awaitable[Answer]]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: Answering) -> bytes | None:
    """Answer request after request until the peer has no more. Raises what `listening.BROKEN_OFF` lists.

    After an answer 101 the connection is another protocol's: returns what came behind the request, and None in every other case.
    """
    connection = h11.Connection(h11.SERVER)
    while True:
        request = await _request(reader, connection)
        if request is None:
            return None
        answer = await answering(request)
        if answer.status == 101:
            writer.write(connection.send(h11.InformationalResponse(status_code=101, headers=list(answer.headers))) or b"")
            return connection.trailing_data[0]
        bodiless = answer.status in {204, 304} or 100 <= answer.status < 200
        length = () if bodiless else (("Content-Length", str(len(answer.body))),)
        writer.write(connection.send(h11.Response(status_code=answer.status, headers=[*answer.headers, *length])) or b"")
        if not bodiless and request.method != "HEAD":
            writer.write(connection.send(h11.Data(data=answer.body)) or b"")
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        if connection.our_state is not h11.DONE:
            return None
        connection.start_next_cycle()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request) -> Answer:
    """Send one request and return its answer, header fields as they arrived. Raises what `listening.BROKEN_OFF` lists."""
    connection = h11.Connection(h11.CLIENT)
    asked = h11.Request(method=request.method, target=request.path, headers=list(request.headers))
    writer.write((connection.send(asked) or b"") + (connection.send(h11.Data(data=request.body)) or b""))
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
    body = bytearray()
    response = h11.Response(status_code=200, headers=[])
    while not isinstance(event := await _event(reader, connection), h11.EndOfMessage):
        if isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
    return Answer(response.status_code, _text(response.headers.raw_items()), bytes(body))


async def _request(reader: asyncio.StreamReader, connection: h11.Connection) -> Request | None:
    """Return the next whole request; None when the peer has closed in order."""
    event = await _event(reader, connection)
    if not isinstance(event, h11.Request):
        return None
    head, body = event, bytearray()
    while not isinstance(event, h11.EndOfMessage):
        event = await _event(reader, connection)
        if isinstance(event, h11.Data):
            body += event.data
        if len(body) > MAX_BODY_BYTES:
            raise h11.RemoteProtocolError("body of more than 1 MiB", error_status_hint=413)
    return Request(head.method.decode(), head.target.decode(), _text(head.headers.raw_items()), bytes(body))


async def _event(reader: asyncio.StreamReader, connection: h11.Connection) -> h11.Event:
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(_READ))
    if isinstance(event, type):  # h11.PAUSED: the peer asks for more than we have answered
        raise h11.RemoteProtocolError("a request before the answer to the last")
    return event


def _text(fields: Sequence[tuple[bytes, bytes]]) -> Fields:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields)
