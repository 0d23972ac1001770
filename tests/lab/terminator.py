"""An inspecting device of our own, in any name and style: what cannot be installed here is told by the certificates it is known for.

"Signature replay": it tests our matcher, not the product. TLS is ended with a leaf minted for the name asked, and taken up again towards
where the client wanted to go; bytes pass whole, or, with `http`, requests and answers are taken apart and put together.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from demo.world import http1
from demo.world.http1 import Request, host_of
from demo.world.listening import BROKEN_OFF, listening
from demo.world.services import Answer
from tests.lab.isolation import network
from tests.lab.minting import APPLIANCE, PUBLIC_LIKE, Make, context
from tests.lab.place import Place

_PORT = 9443
_SO_ORIGINAL_DST = 80
"""linux/netfilter_ipv4.h"""
STYLES: Mapping[str, Make] = {
    "appliance": Make(APPLIANCE),
    "bare": Make(("SAN",), sent=1),
    "copied-sct": Make((*APPLIANCE, "SCT")),
    "one-key": Make(APPLIANCE, rsa=True, one_key=True),
    "antivirus": Make(("SAN", "BC", "KU", "EKU", "AKI"), rsa=True, one_key=True, begins=-30, days=365, sent=1),
    "public": Make(PUBLIC_LIKE, begins=-20, days=90, sent=2),
    "expired": Make(APPLIANCE, begins=-100, days=90),
    "leaf-alone": Make(APPLIANCE, sent=0),
    "wrong-name": Make(APPLIANCE, names=("gateway.contoso.example",)),
}


@asynccontextmanager
async def terminator(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Inspect 443.

    Options: `ca`, `under`, `style`, `subject`, `alpn` (h2 kept), `tls12`, `http`, `add` to answers, `forget` of requests, `public`.

    `public`: the authority is below the laboratory's public root. `only`, `exempt`: addresses.
    """
    make = STYLES[options.get("style", "appliance")]
    if "subject" in options:
        make = Make(
            make.extensions, make.rsa, make.one_key, make.begins, make.days, make.names, tuple(options["subject"].items()), make.sent
        )
    alpn = ("h2", "http/1.1") if options.get("alpn", True) and not options.get("http") else ()
    issuer = place.public_device(options) if options.get("public") else place.device(options)
    made: dict[str, ssl.SSLContext] = {}

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        host = (name or "no-name.example").lower()
        if host not in made:
            made[host] = context(place.mint.leaf(issuer, host, make), alpn, at_most_tls12=bool(options.get("tls12")))
        connection.context = made[host]
        names[id(connection)] = host

    names: dict[int, str] = {}
    entry = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    entry.sni_callback = choose
    if options.get("tls12"):
        entry.maximum_version = ssl.TLSVersion.TLSv1_2
    if alpn:
        entry.set_alpn_protocols(list(alpn))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("ssl_object")
        host, spoken = names.pop(id(connection), ""), connection.selected_alpn_protocol()
        if options.get("http"):
            await http1.serve(reader, writer, _Asking(place, writer, host, options).answer)
        else:
            far_reader, far_writer = await onward(place, writer, host, [spoken] if spoken else [])
            await splice(reader, writer, far_reader, far_writer)

    async with listening(serve, entry, place=bound(place, _PORT)):
        place.redirect({443: _PORT}, only=options.get("only", ()), exempt=options.get("exempt", ()))
        yield


class _Asking:
    """Requests of one connection, asked anew of where the client wanted to go."""

    def __init__(self, place: Place, writer: asyncio.StreamWriter, host: str, options: Mapping[str, Any]) -> None:
        self._place, self._writer, self._host, self._options = place, writer, host, options

    async def answer(self, request: Request) -> Answer:
        """Return the server's answer with what the device adds, or without what it takes."""
        reader, writer = await onward(self._place, self._writer, host_of(request.headers) or self._host, [])
        forget = set(self._options.get("forget", ()))
        kept_fields = tuple(one for one in request.headers if one[0].lower() not in forget)
        try:
            answer = await http1.ask(reader, writer, Request(request.method, request.path, kept_fields, request.body))
        finally:
            writer.close()
        drop = {"content-length", "transfer-encoding", "connection", *self._options.get("take", ())}
        kept = tuple(one for one in answer.headers if one[0].lower() not in drop)
        return Answer(answer.status, (*kept, *self._options.get("add", {}).items()), answer.body)


def bound(place: Place, port: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """Return a socket bound on the machine."""
    with network(place.namespace):
        made = socket.socket(socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("", port))
    made.settimeout(0)
    return made


async def onward(
    place: Place, writer: asyncio.StreamWriter, host: str, alpn: list[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to where a redirected client wanted to go, TLS included."""
    accepted = writer.get_extra_info("socket")
    port, address = struct.unpack_from("!2xH4s", accepted.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16))
    with network(place.namespace):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.settimeout(0)
    await asyncio.get_running_loop().sock_connect(made, (socket.inet_ntoa(address), port))
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(place.public_roots)
    if alpn:
        trusting.set_alpn_protocols(alpn)
    return await asyncio.open_connection(sock=made, ssl=trusting, server_hostname=host)


async def splice(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, far_reader: asyncio.StreamReader, far_writer: asyncio.StreamWriter
) -> None:
    """Pass bytes on, both ways, until either side ends."""

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(*BROKEN_OFF):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async with asyncio.TaskGroup() as group:
        group.create_task(carry(reader, far_writer), name="there")
        group.create_task(carry(far_reader, writer), name="back")
