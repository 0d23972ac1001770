"""The desk: one page where people act. It reads the API's own answers and sends the API's own calls (`forms.py`); it decides nothing.

So nothing is for programs only. `PARTS` says what is on it; each part is a template of its name.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from server.console import guarding
from server.console.api.route import Problem
from server.console.api.serving import Api
from server.console.rendering import Renderer

MOST_SHOWN = 100
"""Items of a list on one page; the API has the rest, page by page."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the desk. `reads`: name in its template to what is asked of the API (path, and what its query says).

    `each`: a list's name and the path of each of its items (`{id}` is the item's), read into `<name>_each`.
    """

    name: str
    heading: str
    reads: Mapping[str, tuple[str, Mapping[str, str]]]
    each: Mapping[str, str] = field(default_factory=dict)


_LISTED = {"limit": str(MOST_SHOWN)}
PARTS: Sequence[Part] = (
    Part("alerts", "Alerts", {"alerts": ("/alerts", {**_LISTED, "state": "open"})}),
    Part("devices", "Devices", {"devices": ("/devices", {"limit": "40"})}, {"devices": "/devices/{id}"}),
    Part("cases", "Bypass cases", {"cases": ("/cases", _LISTED)}, {"cases": "/cases/{id}"}),
    Part("disclosure", "Disclosure", {"coverage": ("/coverage", _LISTED)}),
    Part("coverage", "Bypass coverage", {"coverage": ("/coverage", _LISTED)}),
    Part("sites", "Sites and maintenance", {"sites": ("/sites", _LISTED), "windows": ("/maintenance", {})}),
    Part("rollups", "Days and hours", {}),
    Part("notify", "Who is told", {"targets": ("/notify/targets", {}), "letters": ("/notify/letters", {"state": "waiting"})}),
    Part("lists", "Endpoint list and plans", {"lists": ("/feed", {}), "changes": ("/feed/changes", {}), "plans": ("/plans", {})}),
)


class Desk:
    """The page `/desk` of one console."""

    def __init__(self, api: Api, renderer: Renderer, listens: str, parts: Sequence[Part] = PARTS) -> None:
        self._api = api
        self._renderer = renderer
        self._listens = listens
        self._parts = parts

    def add(self, app: web.Application) -> None:
        """Add the page."""
        app.router.add_get("/desk", self._page)

    async def _page(self, request: web.Request) -> web.Response:
        if not guarding.is_our_host(request.headers.get("Host", ""), self._listens):
            return web.Response(status=421, text="This console answers on its own name only.", headers=guarding.HEADERS)
        drawn, spent = [], []
        known: dict[str, Any] = {}
        for part in self._parts:
            began = time.perf_counter()
            drawn.append((part, self._renderer.desk_part(part.name, await self._read(part, known))))
            spent.append(f"{part.name};dur={(time.perf_counter() - began) * 1000:.1f}")
        text = self._renderer.desk(drawn)
        headers = {"Cache-Control": "no-store", "Server-Timing": ", ".join(spent), **guarding.HEADERS}
        answer = web.Response(text=text, content_type="text/html", headers=headers)
        answer.enable_compression()
        return answer

    async def _read(self, part: Part, known: dict[str, Any]) -> dict[str, Any]:
        """Return what a part asks for; what cannot be read is None, with its sentence under `trouble_text`.

        `known`: what earlier parts of the same page have read, by path and query; it is read once.
        """
        found: dict[str, Any] = {"trouble_text": ""}
        for name, (path, query) in part.reads.items():
            try:
                asked = f"{path}?{urlencode(query)}"
                known[asked] = found[name] = known[asked] if asked in known else await self._api.read(quote(path), query)
            except Problem as problem:
                found |= {name: None, "trouble_text": problem.detail}
        for name, path in part.each.items():
            items = (found[name] or {}).get("items", ())
            found[f"{name}_each"] = [await self._api.read(path.format(id=quote(str(one["id"]), safe="")), {}) for one in items]
        return found
