"""One site's link: ports through which its agents reach every name, a resolver, and a reflector that sees the site's egress address.

A link splices to the front doors, or leads to the site's inspecting device; which, is asked at each new connection. Such a device cannot
read QUIC, so it stops it, unless it is told to let it pass; media it lets pass.
"""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs

from aioquic.quic.configuration import QuicConfiguration

from demo.world import http1
from demo.world.config import MEDIA, Site
from demo.world.datagrams import passing_datagrams
from demo.world.doors import front_doors
from demo.world.gateway import inspecting
from demo.world.http3 import http3_doors
from demo.world.listening import listening
from demo.world.relay import Way, relaying
from demo.world.resolver import Zone, resolving
from demo.world.services import Answer, FrontDoor
from demo.world.turn import Manners, relaying_media
from server.console.reflector import MAX_HEADERS, PATH, SIGNATURE, Sign, nonce_of

_MAX_LINE = 256
"""What the centre's reflector keeps of a header line."""


@dataclass
class Link:
    """A running link: ports of loopback, `quic` and `media` of UDP. `far` is a relay to the front doors, for the device."""

    site: Site
    direct: Way
    far: Way
    resolver: int
    reflector: int
    port: int = 0
    quic: int = 0
    media: int = 0
    gateway: Way | None = None
    inserted: bool = False
    stops_quic: bool = True
    """Whether the device, when it is inserted, stops QUIC."""

    def way(self) -> Way:
        """Return where the next connection goes."""
        return self.gateway if self.inserted and self.gateway is not None else self.direct

    def stops(self) -> bool:
        """Return whether QUIC goes nowhere now."""
        return self.inserted and self.gateway is not None and self.stops_quic

    def device(self, contexts: Mapping[str, ssl.SSLContext], upstream: ssl.SSLContext) -> AbstractAsyncContextManager[int]:
        """Run the site's inspecting device on a port, which is yielded."""
        return inspecting(contexts, upstream, self.far)


@asynccontextmanager
async def linking(
    site: Site, number: int, contexts: Mapping[str, ssl.SSLContext], leaves: Mapping[str, QuicConfiguration], sign: Sign
) -> AsyncIterator[Link]:
    """Run a site's link, spliced. `number` is the site's, from 1; `contexts` and `leaves` are the front doors', TCP's and QUIC's.

    `sign` signs what the reflector says.
    """
    door = FrontDoor(site.front_door, number)
    async with AsyncExitStack() as stack:
        direct = Way(await stack.enter_async_context(front_doors(door, contexts)), site.delay_s)
        far = Way(await stack.enter_async_context(relaying(lambda: direct)), site.delay_s)
        resolver = await stack.enter_async_context(resolving(Zone(site, door, [*contexts, MEDIA]), site.name))
        reflector = await stack.enter_async_context(_reflecting(site, sign))
        link = Link(site, direct, far, resolver, reflector, stops_quic=site.quic == "blocked")
        link.port = await stack.enter_async_context(relaying(link.way))
        quic = Way(await stack.enter_async_context(http3_doors(door, leaves)), site.delay_s)
        media = Way(await stack.enter_async_context(relaying_media(Manners(mapped=site.egress_address))), site.delay_s)
        link.quic = await stack.enter_async_context(passing_datagrams(lambda: None if link.stops() else quic))
        link.media = await stack.enter_async_context(passing_datagrams(lambda: media))
        yield link


def _reflecting(site: Site, sign: Sign) -> AbstractAsyncContextManager[int]:
    """Answer as the centre's reflector does, but as one that is reached through the site's egress."""

    async def answering(request: http1.Request) -> Answer:
        await asyncio.sleep(2 * site.delay_s)
        if request.path.partition("?")[0] != PATH:
            return Answer(404, (("Content-Type", "text/plain"),), f"the reflector is at {PATH}\n".encode())
        headers = [f"{name}: {value}"[:_MAX_LINE] for name, value in request.headers[:MAX_HEADERS]]
        told: dict[str, object] = {"address": site.egress_address, "headers": headers}
        if nonce := nonce_of(parse_qs(request.path.partition("?")[2])):
            told["nonce"] = nonce
        body = json.dumps(told).encode()
        fields = (("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store"))
        return Answer(200, (*fields, (SIGNATURE, base64.b64encode(sign(body)).decode())), body)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await http1.serve(reader, writer, answering)

    return listening(serve)
