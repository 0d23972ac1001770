"""HTTP/2 on a stream: the server's side, one answer for each request. Framing is h2's; no meaning here."""

import asyncio

import h2.config
import h2.connection
import h2.events

from demo.world.http1 import Answering, Request

_READ = 65_536


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: Answering) -> None:
    """Answer each request when it is complete, until the peer closes. Raises what `listening.BROKEN_OFF` lists."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    asked: dict[int, Request] = {}
    while data := await reader.read(_READ):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                asked[event.stream_id] = _request(event)
            elif isinstance(event, h2.events.DataReceived):
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                asked.pop(event.stream_id, None)
            elif isinstance(event, h2.events.StreamEnded) and event.stream_id in asked:
                writer.write(connection.data_to_send())
                await _answer(connection, event.stream_id, asked.pop(event.stream_id), answering)
        writer.write(connection.data_to_send())
        await writer.drain()


async def _answer(connection: h2.connection.H2Connection, stream: int, request: Request, answering: Answering) -> None:
    """Queue one answer. The pages here are smaller than the smallest window a client starts with (65 535 bytes, RFC 9113 6.9.2)."""
    answer = await answering(request)
    fields = [(":status", str(answer.status)), *((name.lower(), value) for name, value in answer.headers)]
    if answer.status != 204:
        fields.append(("content-length", str(len(answer.body))))
    body = b"" if request.method == "HEAD" else answer.body
    connection.send_headers(stream, fields, end_stream=not body)
    if body:
        connection.send_data(stream, body, end_stream=True)


def _request(event: h2.events.RequestReceived) -> Request:
    """Return a request as HTTP/1.1 would have it: `:authority` is the Host field."""
    fields = tuple((str(name), str(value)) for name, value in event.headers or ())
    pseudo = dict(fields)
    rest = tuple(one for one in fields if not one[0].startswith(":"))
    return Request(pseudo.get(":method", ""), pseudo.get(":path", ""), (("host", pseudo.get(":authority", "")), *rest))
