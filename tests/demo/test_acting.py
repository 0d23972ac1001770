"""`middlewatch-demo insert | remove` against a page on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from demo.acting import NotDone, act
from demo.servers import free_port


@asynccontextmanager
async def page(status: int, text: str) -> AsyncIterator[tuple[int, list[str]]]:
    """Serve a page that answers every POST so; give its port and what it was asked."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        site = (await request.post())["site"]
        asked.append(f"{request.path} {site if isinstance(site, str) else None}")
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_post("/demo/{what}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


async def test_done() -> None:
    """The running demo is asked for the site; the answer says when the page will tell."""
    async with page(200, "done") as (port, asked):
        said = await asyncio.to_thread(act, "insert", "São Paulo", port)
    assert asked == ["/demo/insert São Paulo"]
    assert said == "the device is in the path of São Paulo from the next connection on; the page tells of it by the second report from now"


@pytest.mark.parametrize(
    ("status", "text", "told"),
    [
        (409, '{"ok": false, "sentence": "There is no place for it at Osaka"}', "demo: There is no place for it at Osaka"),
        (409, '["odd"]', "answers 409"),
        (500, "Internal", "the page on port"),
        (404, "<html>", "answers 404"),
    ],
)
async def test_refused(status: int, text: str, told: str) -> None:
    """A refusal is told in the page's own words; an answer that is none names port and status."""
    async with page(status, text) as (port, _):
        with pytest.raises(NotDone) as refused:
            await asyncio.to_thread(act, "remove", "Osaka", port)
    assert told in str(refused.value)


def test_nobody_there() -> None:
    """Without a running demo the sentence says how to start one."""
    port = free_port()
    with pytest.raises(NotDone, match=rf"demo: no demo answers on port {port} \(.*refused\); start it with scripts/demo"):
        act("insert", "Porto", port)
