"""Holds server/console/desk.py: the page draws what the API answers, and says what it cannot read."""

import contextlib
from pathlib import Path

import aiohttp

from server.console.api.openapi import document
from server.console.api.routes import ROUTES
from server.console.api.serving import BASE, Api
from server.console.desk import PARTS, Desk
from server.console.listening import listen
from server.console.rendering import Around, Renderer
from tests.fakes.api import asking


async def test_desk(tmp_path: Path) -> None:
    """Of an empty centre every part is drawn and none has trouble; another host's name gets nothing."""
    async with asking(tmp_path) as ask, contextlib.AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        api = Api(ask.means, ROUTES, document(ROUTES, "0", BASE), "127.0.0.1")
        names = ("icon.svg", "page.css", "desk.css", "page.js")
        desk = Desk(api, Renderer(Around(), dict.fromkeys(names, "/static/x")), "127.0.0.1")
        url = f"http://127.0.0.1:{await listen('console.listen', '127.0.0.1:0', stack, desk.add)}/desk"
        async with session.get(url) as answer:
            text = await answer.text()
        assert answer.status == 200
        assert all(f'id="{part.name}"' in text for part in PARTS)
        assert 'class="trouble"' not in text
        assert [one.partition(";dur=")[0] for one in answer.headers["Server-Timing"].split(", ")] == [part.name for part in PARTS]
        async with session.get(url, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
