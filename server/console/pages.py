"""The console's addresses: the page, its live stream, its files, and what a demo's page may do. Routes only; drawing is elsewhere."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web

from server.console import guarding
from server.console.assets import Assets
from server.console.charting import RANGE, RANGES
from server.console.live import Live
from server.console.rendering import SECTIONS, Around, Choice, Renderer
from server.console.stage import Stage, StageRefused

HEARTBEAT_S = 15.0
"""A comment this often keeps proxies from cutting an idle stream, and finds viewers that are gone."""
MOST_VIEWERS = 200
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pages:
    """All routes of the console on one application."""

    def __init__(self, live: Live, renderer: Renderer, assets: Assets, around: Around) -> None:
        self._live = live
        self._renderer = renderer
        self._assets = assets
        self._around = around
        self._ending = asyncio.Event()

    def add(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/", self._guarded(self._page))
        app.router.add_get("/live", self._guarded(self._stream))
        app.router.add_get("/static/{name}", self._guarded(self._assets.serve))
        if self._around.stage is not None:
            app.router.add_post("/demo/insert", self._guarded(self._insert))
            app.router.add_post("/demo/remove", self._guarded(self._remove))
        app.on_shutdown.append(self._end)

    async def _end(self, _app: web.Application) -> None:
        """End the streams: a server that stops waits for its answers to be whole."""
        self._ending.set()
        await self._live.announce()

    def _guarded(self, handler: Handler) -> Handler:
        """Return a handler that refuses other hosts' names and sends our headers with every answer."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not guarding.is_our_host(request.headers.get("Host", ""), self._around.listens):
                told = f"This console answers on {self._around.listens} and on this machine's own name only; it was asked as another."
                return web.Response(status=421, text=told, headers=guarding.HEADERS)
            try:
                answer = await handler(request)
            except web.HTTPException as refused:
                refused.headers.update(guarding.HEADERS)
                raise
            if not answer.prepared:
                answer.headers.update(guarding.HEADERS)
            return answer

        return guarded

    async def _page(self, request: web.Request) -> web.Response:
        asked = time.perf_counter()
        await self._live.ready()
        choice = choice_of(request)
        if choice.site is not None and self._live.picture.site(choice.site) is None:
            sentence = (
                f"No site is called “{choice.site}”. Sites appear with the first report of an agent there; look for a spelling mistake."
            )
            return self._html(self._renderer.sentence("No such site", sentence, "/"), 404)
        began = time.perf_counter()
        page = await self._live.draw(choice)
        text = self._renderer.page(page, choice, datetime.fromtimestamp(time.time(), UTC).isoformat())
        answer = self._html(text, 200)
        read_ms, draw_ms = (began - asked) * 1000, (time.perf_counter() - began) * 1000
        answer.headers["Server-Timing"] = f"read;dur={read_ms:.1f}, draw;dur={draw_ms:.1f}"
        answer.enable_compression()
        return answer

    def _html(self, text: str, status: int) -> web.Response:
        return web.Response(text=text, status=status, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Send the sections that changed, as they change, until either side goes."""
        if self._live.viewers >= MOST_VIEWERS:
            return web.Response(status=503, text=f"{MOST_VIEWERS} pages are live already; close some, or look again later.")
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", **guarding.HEADERS})
        await answer.prepare(request)
        with self._live.watched(), contextlib.suppress(ConnectionResetError):
            await self._send(answer, choice_of(request))
        return answer

    async def _send(self, answer: web.StreamResponse, choice: Choice) -> None:
        sent: dict[str, str] = {}
        seen = -1
        while not self._ending.is_set():
            edition = await self._live.newer(seen, HEARTBEAT_S)
            if edition == seen:
                await answer.write(b": still here\n\n")
                continue
            seen = edition
            page = await self._live.draw(choice)
            changed = [name for name in SECTIONS if sent.get(name, "") != page.sections[name]]
            told = [f"event: section\ndata: {json.dumps({'id': name, 'html': page.sections[name]})}\n\n" for name in changed]
            if told:
                await answer.write("".join(told).encode())
            sent = page.sections

    async def _insert(self, request: web.Request) -> web.StreamResponse:
        return await self._act(request, "insert")

    async def _remove(self, request: web.Request) -> web.StreamResponse:
        return await self._act(request, "remove")

    async def _act(self, request: web.Request, act: str) -> web.StreamResponse:
        """Let the stage act; answer a program or a script in JSON, a form by the page."""
        stage = self._around.stage
        if stage is None or not guarding.is_same_origin(request):
            return web.Response(status=403, text="This may be asked from this page or by a program on this machine, not from another page.")
        site = str((await request.post()).get("site", ""))
        try:
            await self._perform(stage, act, site)
        except StageRefused as refused:
            return self._answer(request, str(refused), "", 409)
        await self._live.announce()
        done = "is in the way now; the next cycles will meet it." if act == "insert" else "is gone; the next cycles will pass without it."
        return self._answer(request, f"{site}: the inspection device {done}", f"/?site={quote(site)}", 200)

    async def _perform(self, stage: Stage, act: str, site: str) -> None:
        if site not in stage.sites:
            named = ", ".join(stage.sites)
            raise StageRefused(f"There is no place for a device at “{site}”; it can be put at {named}.")
        await (stage.insert(site) if act == "insert" else stage.remove(site))

    def _answer(self, request: web.Request, sentence: str, place: str, status: int) -> web.Response:
        if "text/html" not in request.headers.get("Accept", ""):
            return web.json_response({"ok": status == 200, "sentence": sentence}, status=status)
        if status == 200:
            return web.Response(status=303, headers={"Location": place})
        return self._html(self._renderer.sentence("That was not done", sentence, "/"), status)


def choice_of(request: web.Request) -> Choice:
    """Return what a request asks to see; words that are none of ours are as if not asked."""
    query = request.query
    span = query.get("range", RANGE)
    return Choice(query.get("site") or None, span if span in RANGES else RANGE, query.get("target", ""), query.get("all") == "1")
