"""Front doors over QUIC: each name's own certificate and answer, and no handshake for a name that is not served."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ProtocolNegotiated, QuicEvent
from cryptography.x509 import DNSName, SubjectAlternativeName

from demo.authority import PublicAuthorities, Shelf
from demo.world.config import LOOPBACK
from demo.world.http3 import http3_doors, loaded_leaves
from demo.world.services import FrontDoor
from tests.demo.world.conftest import HOSTS, NOW


class Client(QuicConnectionProtocol):
    """Asks once, and keeps the answer's head."""

    def ask(self, host: str) -> "asyncio.Future[dict[bytes, bytes]]":
        """Send a GET; return the head that will come."""
        self.head: asyncio.Future[dict[bytes, bytes]] = asyncio.get_running_loop().create_future()
        fields = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", host.encode()), (b":path", b"/")]
        self.http.send_headers(self._quic.get_next_available_stream_id(), fields, end_stream=True)
        self.transmit()
        return self.head

    def quic_event_received(self, event: QuicEvent) -> None:
        """Keep the first head."""
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        for one in self.http.handle_event(event) if hasattr(self, "http") else ():
            if isinstance(one, HeadersReceived) and not self.head.done():
                self.head.set_result(dict(one.headers))


@asynccontextmanager
async def connected(host: str, port: int) -> AsyncIterator[Client]:
    """Connect to a port of loopback for `host`; nothing is verified. Raises ConnectionError."""
    offering = QuicConfiguration(alpn_protocols=H3_ALPN, server_name=host, verify_mode=ssl.CERT_NONE)
    made = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Client(QuicConnection(configuration=offering)), (LOOPBACK, 0))
    client = made[1]
    client.connect((LOOPBACK, port))
    try:
        await client.wait_connected()
        yield client
    finally:
        client.close()
        await client.wait_closed()
        made[0].close()


async def test_each_name_has_its_own(tmp_path: Path) -> None:
    """A name's certificate covers it, and its service answers as over TCP."""
    loaded = loaded_leaves(PublicAuthorities(Shelf(tmp_path, NOW)), HOSTS)
    async with http3_doors(FrontDoor("FRA", 1), loaded) as port:
        for host, status in (("outlook.office365.com", b"302"), ("microsoft.sharepoint.com", b"403")):
            async with connected(host, port) as client:
                head = await client.ask(host)
                leaf = client._quic.tls._peer_certificate
            assert leaf is not None
            names = leaf.extensions.get_extension_for_class(SubjectAlternativeName).value.get_values_for_type(DNSName)
            assert host in names or "*.sharepoint.com" in names
            assert head[b":status"] == status


async def test_unknown_name(tmp_path: Path) -> None:
    """A name that no front door has ends in an alert within the handshake."""
    loaded = loaded_leaves(PublicAuthorities(Shelf(tmp_path, NOW)), HOSTS)
    async with http3_doors(FrontDoor("FRA", 1), loaded) as port:
        with pytest.raises(ConnectionError):
            async with connected("absent.example", port):
                pass
