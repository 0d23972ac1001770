"""Forms of our pages, turned into calls of the API: a browser without scripts does what a program does, by the same endpoint.

`POST /form/<path below /api/v1>`. Fields of its own: `method` (POST unless said), `etag` (sent as If-Match), `back` (where to go then).
Every other field is the body's field of that name: empty ones are left out, repeated or `name[]` ones are lists, `name[lines]` is a list
with an item a line, a bare date is that day's end in the zone of the field `zone`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from server.console import guarding
from server.console.api.route import Problem
from server.console.api.serving import MOST_BYTES, Api
from server.fleet.zones import zone_of

OWN = ("method", "etag", "back", "zone")
DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?")
Draw = Callable[[str, str, str], str]
"""Title, sentence, link: a page that says one thing."""
DrawImport = Callable[[Mapping[str, Any], str], str]
"""The endpoint's answer, link: a page that says what became of each row."""


class Forms:
    """The forms of one console. `listens` is the host it may be asked by; `drawn_import` draws what became of a file, row by row."""

    def __init__(self, api: Api, draw: Draw, drawn_import: DrawImport, listens: str) -> None:
        self._api = api
        self._draw = draw
        self._drawn_import = drawn_import
        self._listens = listens

    def add(self, app: web.Application) -> None:
        """Add the one address all forms are sent to."""
        app.router.add_post("/form/{path:.+}", self._handle)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if not guarding.is_our_host(request.headers.get("Host", ""), self._listens) or not guarding.is_same_origin(request):
            return web.Response(status=403, text="This may be sent from our own page only.", headers=guarding.HEADERS)
        back = "/"
        try:
            fields = await _fields(request)
            back = _local(fields.get("back", [""])[0])
            method, etag = (fields.get(name, [""])[0] for name in ("method", "etag"))
            raw = b"".join(value for values in fields.values() for value in values if isinstance(value, bytes))
            path = request.rel_url.raw_path.removeprefix("/form")
            answer = await self._api.act(method or "POST", path, body_of(fields), etag or None, raw)
        except Problem as problem:
            text = self._draw("That was not done", problem.detail, back)
            return web.Response(status=problem.status, text=text, content_type="text/html", headers=guarding.HEADERS)
        if raw and isinstance(answer.content, BaseModel):
            text = self._drawn_import(answer.content.model_dump(mode="json"), back)
            return web.Response(text=text, content_type="text/html", headers=guarding.HEADERS)
        return web.Response(status=303, headers={"Location": back, **guarding.HEADERS})


def body_of(fields: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return the fields of a form as the JSON a program would send: text, lists of text, moments with an offset."""
    zone = str(fields.get("zone", ["UTC"])[0]) or "UTC"
    found: dict[str, Any] = {}
    for name, values in fields.items():
        told = [value for value in values if isinstance(value, str)]
        texts = [line.strip() for value in told for line in value.splitlines()] if name.endswith("[lines]") else told
        given = [_moment(text, zone) for text in texts if text]
        if name not in OWN and given:
            plain = name.partition("[")[0]
            found[plain] = given if plain != name or len(given) > 1 else given[0]
    return found


async def _fields(request: web.Request) -> dict[str, list[Any]]:
    """Return a form's fields in their order; a file is its bytes."""
    if (request.content_length or 0) > MOST_BYTES:
        raise Problem(413, "Too large", f"The file is larger than {MOST_BYTES >> 20} MB; send it in parts.")
    found: dict[str, list[Any]] = {}
    for name, value in (await request.post()).items():
        found.setdefault(name, []).append(value.file.read() if isinstance(value, web.FileField) else value)
    return found


def _local(back: str) -> str:
    """Return where to go back to: an address of ours, never another's."""
    return back if re.fullmatch(r"/(?![/\\])[^\\\r\n]*", back) else "/"


def _moment(value: str, zone: str) -> str:
    """Return a bare date as that day's last second, and a bare time as that second, with their offset; other text as it is."""
    if not DATE.fullmatch(value):
        return value
    try:
        bare = datetime.fromisoformat(value)
    except ValueError:
        return value
    bare = bare if "T" in value else datetime.combine(bare, time(23, 59, 59))
    return bare.replace(tzinfo=zone_of(zone)).isoformat()
