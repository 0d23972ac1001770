"""One site's link: its reflector says what the centre's own would say, but by the site's egress; its way changes with the device."""

import asyncio
import base64
import json
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from demo.world.config import Site
from demo.world.http1 import Request, ask
from demo.world.link import Link, _reflecting
from demo.world.relay import Way, connected
from demo.world.services import Answer
from server.console.reflector import SIGNATURE, Reflector
from tests.demo.world.conftest import config

SITE: Site = config(Path("unused")).sites[0]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
GET = Request("GET", "/reflect?nonce=abc", (("Host", "reflector"), ("X-mW-cAnArY", "one"), ("X-mW-cAnArY", "two"), ("X-Long", "x" * 400)))


async def asked(port: int, request: Request = GET) -> Answer:
    """Ask a port of loopback."""
    async with connected(port) as (reader, writer):
        return await ask(reader, writer, request)


async def test_reflector_as_the_centres() -> None:
    """Address apart, the answer is that of the centre's reflector, header for header, nonce and signature."""
    app = web.Application()
    Reflector(KEY.sign).add(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with _reflecting(SITE, KEY.sign) as port:
        ours, centres = [await asked(one) for one in (port, runner.addresses[0][1])]
        missing = await asked(port, Request("GET", "/", (("Host", "a"),)))
    await runner.cleanup()
    assert json.loads(ours.body) == {**json.loads(centres.body), "address": "203.0.113.10"}
    for one in (ours, centres):
        signature = next(value for name, value in one.headers if name == SIGNATURE)
        KEY.public_key().verify(base64.b64decode(signature), one.body)
    kinds = [{name.lower(): value for name, value in one.headers} for one in (ours, centres)]
    assert [kind["content-type"] for kind in kinds] == ["application/json; charset=utf-8"] * 2
    assert (ours.status, missing.status) == (200, 404)
    await asyncio.sleep(0)


def test_way() -> None:
    """A link leads to the front doors unless a device is both there and inserted."""
    link = Link(SITE, Way(1, 0.0), Way(2, 0.0), 3, 4)
    assert link.way() == Way(1, 0.0)
    link.inserted = True
    assert link.way() == Way(1, 0.0)
    link.gateway = Way(5, 0.0)
    assert link.way() == Way(5, 0.0)
    link.inserted = False
    assert link.way() == Way(1, 0.0)
