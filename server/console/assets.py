"""The page's own files, read once: style, script, outlines. Addresses carry a hash of the content, so browsers may keep them for ever."""

import hashlib
from importlib.resources import files

from aiohttp import web

TYPES = {
    "page.css": "text/css",
    "desk.css": "text/css",
    "page.js": "text/javascript",
    "world.svg": "image/svg+xml",
    "icon.svg": "image/svg+xml",
}


class Assets:
    """All static files, in memory."""

    def __init__(self) -> None:
        folder = files("server.console").joinpath("static")
        self._bodies = {name: folder.joinpath(name).read_bytes() for name in TYPES}
        self.addresses = {name: f"/static/{name}?v={_version(body)}" for name, body in self._bodies.items()}

    async def serve(self, request: web.Request) -> web.Response:
        """Answer with one file."""
        name = request.match_info["name"]
        if name not in self._bodies:
            raise web.HTTPNotFound
        asked_as_named = self.addresses[name] == request.path_qs
        keep = "public, max-age=31536000, immutable" if asked_as_named else "no-cache"
        return web.Response(body=self._bodies[name], content_type=TYPES[name], charset="utf-8", headers={"Cache-Control": keep})


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:12]
