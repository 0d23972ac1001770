"""Pages in the server's place: a captive portal's, a filter's block page; on 80, and on 443 under a certificate of the device's own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from demo.world import http1
from demo.world.http1 import Request
from demo.world.listening import listening
from demo.world.services import Answer
from tests.lab.minting import Make, context
from tests.lab.place import Place
from tests.lab.terminator import STYLES, bound

_HTTP, _TLS = 9080, 9444


@asynccontextmanager
async def page(place: Place, options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Answer every request with one page. Options: `status`, `headers`, `body`; `only`, `exempt` addresses; `ca`, `style`, `name`.

    `tls`: `page` (default) serves it on 443 too, `reset` refuses 443, `leave` lets it pass. `name`: the certificate's, not the host's.
    """

    async def answering(_request: Request) -> Answer:
        await asyncio.sleep(0.002)
        headers = (("Content-Type", "text/html"), *options.get("headers", {}).items())
        return Answer(options.get("status", 302), headers, options.get("body", "").encode())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await http1.serve(reader, writer, answering)

    which = {"only": options.get("only", ()), "exempt": options.get("exempt", ())}
    tls = options.get("tls", "page")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening(serve, place=bound(place, _HTTP)))
        place.redirect({80: _HTTP}, **which)
        if tls == "page":
            await stack.enter_async_context(listening(serve, _entry(place, options), place=bound(place, _TLS)))
            place.redirect({443: _TLS}, **which)
        elif tls == "reset":
            addresses = f"ip daddr {{ {', '.join(which['only'])} }} " if which["only"] else ""
            rule = f"iif in0 {addresses}tcp dport 443 reject with tcp reset"
            place.nodes.nft(place.machine, f"table ip refusing {{ chain through {{ type filter hook forward priority 0; {rule}; }}; }}")
        yield


def _entry(place: Place, options: Mapping[str, Any]) -> ssl.SSLContext:
    issuer, make = place.device(options), STYLES[options.get("style", "appliance")]
    if "name" in options:
        return context(place.mint.leaf(issuer, options["name"], Make(make.extensions, names=(options["name"],), sent=make.sent)))
    made: dict[str, ssl.SSLContext] = {}

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        host = (name or "no-name.example").lower()
        if host not in made:
            made[host] = context(place.mint.leaf(issuer, host, make))
        connection.context = made[host]

    entry = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    entry.sni_callback = choose
    return entry
