"""TLS over a channel by MemoryBIO: the handshake never verifies, the chain is captured as sent. The only place that makes a context.

`ssl.create_default_context` is never called: it loads roots (25 ms, measured) and no root belongs in this process. What the chain
is worth is checked afterwards, elsewhere.
"""

import contextlib
import ssl
from functools import cache
from typing import Any

from agent.network.tunnel import Stream

_READ = 65_536
_ENCODING_DER = 2  # _ssl.ENCODING_DER


@cache
def unverifying(alpn: tuple[str, ...]) -> ssl.SSLContext:
    """Return the one shared context for an ALPN offer (a new one costs 0.16 ms, measured)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # before verify_mode, or Python refuses
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(alpn))
    return context


class Tls:
    """One TLS connection over `channel`. `sni` is independent of where the channel is connected to."""

    def __init__(self, channel: Stream, sni: str, alpn: tuple[str, ...]) -> None:
        self._channel = channel
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = unverifying(alpn).wrap_bio(self._incoming, self._outgoing, server_hostname=sni)

    async def handshake(self) -> tuple[int, int]:
        """Shake hands; return when the ClientHello left and when the last bytes of the server's part arrived.

        Our own last flight stays unsent, to leave together with the request. Raises ssl.SSLError, OSError and Failed.
        """
        started = last = 0
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                sent = await self._channel.send(self._outgoing.read())
                started = started or sent
                got = await self._channel.receive_some()
                self._incoming.write(got.data)
                last = got.stamp
            except ssl.SSLError:
                with contextlib.suppress(OSError):  # the peer is owed our alert, but may be gone
                    await self._channel.send(self._outgoing.read())
                raise
            else:
                return started, last

    def facts(self) -> dict[str, Any]:
        """Return what is known so far as fields of `Fetched`: version, cipher, ALPN, chain."""
        cipher = self._tls.cipher()
        return {
            "tls": self._tls.version(),
            "cipher": cipher[0] if cipher else None,
            "alpn": self._tls.selected_alpn_protocol(),
            "chain": chain_of(self._tls),
        }

    def encrypt(self, data: bytes) -> bytes:
        """Return the bytes that carry `data`, behind whatever the handshake left unsent."""
        if data:
            self._tls.write(data)
        return self._outgoing.read()

    def decrypt(self, data: bytes) -> tuple[bytes, bool]:
        """Take bytes from the channel; return what they say, and whether the peer has ended. Raises ssl.SSLError."""
        self._incoming.write(data)
        said = []
        try:
            while part := self._tls.read(_READ):
                said.append(part)
        except ssl.SSLWantReadError:
            return b"".join(said), False
        except ssl.SSLZeroReturnError:  # close_notify
            pass
        return b"".join(said), True


def chain_of(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates the peer sent, DER, in its order; none before they have come.

    `get_unverified_chain` is public from Python 3.13; on 3.11 and 3.12 the same call sits on the inner object (7 us, measured).
    """
    if hasattr(tls, "get_unverified_chain"):
        return tuple(tls.get_unverified_chain() or ())
    inner: Any = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    return tuple(certificate.public_bytes(_ENCODING_DER) for certificate in inner.get_unverified_chain() or ())
