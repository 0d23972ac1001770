"""The inspecting device of a site, in the manner of Squid with ssl_bump: ends TLS with certificates of its own, asks the front door itself.

It speaks HTTP/1.1 only, verifies the front door against the public roots, forwards both directions whole and leaves the marks that
Squid 5.7 left in the laboratory. It is real TLS inspection of loopback connections whose names are the world's; nothing is kept.
"""

import asyncio
import hashlib
import re
import ssl
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager

from demo.authority import SQUID, Authority, PublicAuthorities, Shelf, name
from demo.world import http1
from demo.world.config import LOOPBACK
from demo.world.http1 import Request, host_of
from demo.world.listening import BROKEN_OFF, by_name, listening, serving_leaf
from demo.world.relay import Way
from demo.world.services import Answer, Fields

GATEWAY = "gateway.contoso.example"
_VIA = ("Via", f"1.1 {GATEWAY} (squid/5.7)")
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length"})
"""Fields of one connection only (RFC 9110 7.6.1), and those whoever sends the message writes itself."""
_NOT_PASSED_ON = frozenset({"alt-svc"})
"""HTTP/3 would lead past the device."""
_CN_BYTES = 64
"""The cap of a common name (RFC 5280, ub-common-name), in bytes as `cryptography` counts."""
_LOOK_S = 0.008
"""What looking into a request and its answer costs, beside two TLS handshakes in place of one."""


def inspecting_root(shelf: Shelf) -> Authority:
    """Return the customer's root, which its machines trust and nobody else does."""
    return shelf.authority("inspecting root", name(O="Contoso", CN="Contoso Root CA"))


def gateway_contexts(shelf: Shelf, public: PublicAuthorities, site: str, hosts: Iterable[str]) -> dict[str, ssl.SSLContext]:
    """Return the server contexts of a site's gateway: each site has an issuing authority and a leaf key of its own, as devices do.

    Makes an RSA key at the first time (0.2 s). Raises UnusableFolder.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", site.lower())[:32]
    label = f"gateway {plain} {hashlib.sha256(site.encode()).hexdigest()[:8]}"  # a site may have any name, a file may not
    subject = f"Contoso Web Gateway {site}".encode()[:_CN_BYTES].decode(errors="ignore")
    issuer = shelf.authority(label, name(O="Contoso", CN=subject), inspecting_root(shelf))
    leaves = {host: shelf.leaf(issuer, name(CN=host), (host,), SQUID, public.leaf(host).certificate) for host in hosts}
    return {host: serving_leaf(leaf.file, ()) for host, leaf in leaves.items()}


def inspecting(contexts: Mapping[str, ssl.SSLContext], upstream: ssl.SSLContext, way: Way) -> AbstractAsyncContextManager[int]:
    """Inspect connections of a port, which is yielded. `way` is a relay to the front doors, and its distance: see `_fetched`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def answering(request: Request) -> Answer:
            await asyncio.sleep(_LOOK_S)
            return await _fetched(request, upstream, way)

        await http1.serve(reader, writer, answering)

    return listening(serve, by_name(contexts, ()))


async def _fetched(request: Request, upstream: ssl.SSLContext, way: Way) -> Answer:
    """Ask the front door that the request names; what cannot be had is told as Squid tells it.

    A connection to the front door costs a round trip that loopback does not take; here it can be waited for, as the device's own.
    """
    host = host_of(request.headers)
    try:
        await asyncio.sleep(2 * way.delay_s)
        reader, writer = await asyncio.open_connection(LOOPBACK, way.port, ssl=upstream, server_hostname=host)
        try:
            answer = await http1.ask(reader, writer, Request(request.method, request.path, _forward(request), request.body))
        finally:
            writer.close()
    except ssl.SSLError as error:
        return _refused(503, "ERR_SECURE_CONNECT_FAIL", error)
    except BROKEN_OFF as error:
        return _refused(503, "ERR_CONNECT_FAIL", error)
    return Answer(answer.status, _backward(answer.headers), answer.body)


def _forward(request: Request) -> Fields:
    """Return a request's fields as Squid sends them on, its own added. Squid's order, Host last, is not kept: h11 writes Host first."""
    kept = tuple(one for one in request.headers if one[0].lower() not in _HOP_BY_HOP)
    length = (("Content-Length", str(len(request.body))),) if request.body else ()
    own = (_VIA, ("X-Forwarded-For", "10.0.0.25"), ("Cache-Control", "max-age=259200"), ("Connection", "keep-alive"))
    return (*kept, *own, *length)


def _backward(fields: Fields) -> Fields:
    """Return an answer's fields as Squid passes them back."""
    kept = tuple(one for one in fields if one[0].lower() not in _HOP_BY_HOP | _NOT_PASSED_ON)
    return (*kept, ("X-Cache", f"MISS from {GATEWAY}"), ("X-Cache-Lookup", f"MISS from {GATEWAY}:3128"), _VIA)


def _refused(status: int, reason: str, error: BaseException) -> Answer:
    text = f"{reason}: {type(error).__name__}\n".encode()
    return Answer(status, (("Server", "squid/5.7"), ("X-Squid-Error", f"{reason} 0"), ("Content-Type", "text/plain"), _VIA), text)
