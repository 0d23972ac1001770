"""The front doors of one site over HTTP/3: the same names, certificates and answers as over TCP, on a UDP port.

aioquic serves one certificate for all; here the ClientHello is read first, and the name in it chooses. Nothing is kept between connections.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aioquic import tls
from aioquic._buffer import Buffer
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.h3.exceptions import H3Error
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ProtocolNegotiated, QuicEvent
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from demo.authority import PublicAuthorities
from demo.world.config import LOOPBACK
from demo.world.services import FrontDoor


class _UnknownName(tls.Alert):
    description = tls.AlertDescription.unrecognized_name


class _Door(QuicConnectionProtocol):
    """One connection: every request is answered as the front door answers it over TCP."""

    def __init__(self, quic: QuicConnection, door: FrontDoor, loaded: Mapping[str, QuicConfiguration]) -> None:
        super().__init__(quic)
        self._door = door
        self._http: H3Connection | None = None
        _choose_by_name(quic, loaded)

    def quic_event_received(self, event: QuicEvent) -> None:
        """Take what the connection saw."""
        if isinstance(event, ProtocolNegotiated):
            self._http = H3Connection(self._quic)
        if self._http is None:
            return
        for one in self._http.handle_event(event):
            if isinstance(one, HeadersReceived) and one.stream_ended:
                host = dict(one.headers).get(b":authority", b"").decode("latin-1").partition(":")[0].lower()
                asyncio.get_running_loop().call_later(self._door.think_s(host), self._answer, one.stream_id, host)

    def _answer(self, stream: int, host: str) -> None:
        answer = self._door.answer(host, datetime.now(UTC))
        fields = [(b":status", str(answer.status).encode())]
        fields += [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
        if self._http is None:
            return
        with contextlib.suppress(H3Error, AssertionError):  # the client has left while the service was thinking
            self._http.send_headers(stream, fields, end_stream=not answer.body)
            if answer.body:
                self._http.send_data(stream, answer.body, end_stream=True)
            self.transmit()


def _choose_by_name(quic: QuicConnection, loaded: Mapping[str, QuicConfiguration]) -> None:
    """Let the server's part of a connection show the certificate of the name asked for; other names end in the handshake."""
    made: Any = quic
    begin = made._initialize  # noqa: SLF001 - aioquic has no place to choose a certificate

    def initialize(peer_cid: bytes) -> None:
        begin(peer_cid)
        context = made.tls
        hello = context._server_handle_hello  # noqa: SLF001 - see above

        def choose(input_buf: Buffer, *rest: Buffer) -> None:
            start = input_buf.tell()
            asked = tls.pull_client_hello(input_buf)
            input_buf.seek(start)
            held = loaded.get((asked.server_name or "").lower())
            if held is None:
                raise _UnknownName("no such name here")
            context.certificate, context.certificate_chain = held.certificate, held.certificate_chain
            context.certificate_private_key = held.private_key
            hello(input_buf, *rest)

        context._server_handle_hello = choose  # noqa: SLF001 - see above

    made._initialize = initialize  # noqa: SLF001 - see above


def loaded_leaves(public: PublicAuthorities, hosts: tuple[str, ...]) -> dict[str, QuicConfiguration]:
    """Return key and chain of each name; names of one certificate share them. Raises UnusableFolder."""
    files = {host: public.leaf(host).file for host in hosts}
    made = {file: _loaded(file) for file in set(files.values())}
    return {host: made[file] for host, file in files.items()}


def _loaded(file: Path) -> QuicConfiguration:
    pem = file.read_bytes()
    held = QuicConfiguration(is_client=False, private_key=load_pem_private_key(pem, None))
    held.certificate, *held.certificate_chain = load_pem_x509_certificates(pem)
    return held


@asynccontextmanager
async def http3_doors(
    door: FrontDoor, loaded: Mapping[str, QuicConfiguration], address: str = LOOPBACK, port: int = 0
) -> AsyncIterator[int]:
    """Serve every name of `loaded` over HTTP/3 on a UDP port, which is yielded. Raises OSError where the place is taken."""
    entry = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    first = next(iter(loaded.values()))
    entry.certificate, entry.certificate_chain, entry.private_key = first.certificate, first.certificate_chain, first.private_key

    def made(quic: QuicConnection, stream_handler: object) -> _Door:  # noqa: ARG001 - aioquic passes it by name
        return _Door(quic, door, loaded)

    server: Any = await serve(address, port, configuration=entry, create_protocol=made)
    try:
        yield server._transport.get_extra_info("sockname")[1]  # noqa: SLF001 - nothing public tells the port
    finally:
        server.close()
