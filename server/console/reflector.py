"""The reflector: tells an agent how its request arrived: from which address, with which headers, in which order and case.

It answers `{"address": ..., "headers": ["Name: value", ...]}`, and keeps nothing. A device that adds, drops, renames or reorders headers
shows itself by the difference (facts/interception: the header canary catches Squid, tinyproxy and sslsplit, not mitmproxy).
"""

from aiohttp import web

MAX_HEADERS = 64
PATH = "/reflect"


async def reflect(request: web.Request) -> web.Response:
    """Answer with what we saw of this request."""
    headers = [f"{name.decode('latin-1')}: {value.decode('latin-1')}"[:256] for name, value in request.raw_headers[:MAX_HEADERS]]
    return web.json_response({"address": request.remote or "", "headers": headers}, headers={"Cache-Control": "no-store"})


def add_reflector(app: web.Application) -> None:
    """Add the reflector to an application."""
    app.router.add_get(PATH, reflect)
