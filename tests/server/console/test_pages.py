"""The addresses over a real socket: the page, its headers, its stream, its files, and the forms of a demo."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from server.console.guarding import HEADERS
from server.console.rendering import SECTIONS
from tests.fakes import pictures
from tests.fakes.stage import FakeStage
from tests.fakes.watched import Watched, served

PICTURE = pictures.picture(sites=3)
PATIENCE_S = 30.0


async def told(stream: aiohttp.StreamReader, count: int) -> list[dict[str, Any]]:
    """Return the next sections of a stream."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            line = await stream.readline()
            if line.startswith(b"data: "):
                found.append(json.loads(line[6:]))
    return found


async def test_page() -> None:
    """The page comes whole, with every header that keeps strangers out, and says how long drawing took."""
    async with served(Watched(PICTURE)) as ask, ask("GET", "/") as answer:
        text = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert [one.partition(";dur=")[0] for one in answer.headers["Server-Timing"].split(", ")] == ["read", "draw"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Frankfurt: inspected since" in text


@pytest.mark.parametrize("path", ["/", "/live", "/static/page.js"])
async def test_another_hosts_name_is_refused(path: str) -> None:
    """A name that someone else's DNS leads here gets no page, no stream and no file."""
    async with served(Watched(PICTURE)) as ask, ask("GET", path, headers={"Host": "evil.example"}) as answer:
        assert answer.status == 421
        assert "Frankfurt" not in await answer.text()


async def test_unknown_site() -> None:
    """A site nobody knows is a sentence, its name as text, and a way back."""
    async with served(Watched(PICTURE)) as ask, ask("GET", "/", params={"site": "<script>"}) as answer:
        text = await answer.text()
    assert answer.status == 404
    assert "No site is called “&lt;script&gt;”" in text
    assert 'href="/"' in text
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


async def test_choice_by_address() -> None:
    """Site, range and target come from the address; a range nobody knows is the usual one."""
    async with served(Watched(PICTURE)) as ask:
        async with ask("GET", "/", params={"site": "Porto", "range": "1h"}) as answer:
            text = await answer.text()
        async with ask("GET", "/", params={"range": "a year"}) as odd:
            assert odd.status == 200
    assert "<strong>Porto</strong>" in text


async def test_stream_sends_all_and_then_what_changed() -> None:
    """A viewer gets all sections first, after a change only those that changed."""
    watched = Watched(pictures.picture(sites=3, inserted=False))
    await watched.live.refresh()
    async with served(watched) as ask, ask("GET", "/live?site=Porto") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert [one["id"] for one in await told(answer.content, len(SECTIONS) - 1)] == [name for name in SECTIONS if name != "stage"]
        assert watched.live.viewers == 1
        await watched.change(PICTURE)
        changed = await told(answer.content, 1)
        assert changed[0]["id"] == "headline"
        assert "Frankfurt: inspected" in changed[0]["html"]


async def test_end_of_the_server_ends_streams() -> None:
    """A stream that is open keeps no server from ending."""
    watched = Watched(PICTURE)
    await watched.live.refresh()
    async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession():
        async with served(watched) as ask:
            answer = await ask("GET", "/live")
            await told(answer.content, 1)
        answer.close()
    assert watched.live.viewers == 0


async def test_files() -> None:
    """A file under its own address may be kept for ever, under another it is asked for again; no other file is served."""
    watched = Watched(PICTURE)
    async with served(watched) as ask:
        async with ask("GET", watched.pages._assets.addresses["page.css"]) as named:
            assert "immutable" in named.headers["Cache-Control"]
            assert named.content_type == "text/css"
        async with ask("GET", "/static/page.css") as plain:
            assert plain.headers["Cache-Control"] == "no-cache"
        async with ask("GET", "/static/ORIGIN.md") as other:
            assert other.status == 404
            assert other.headers["X-Content-Type-Options"] == "nosniff"


async def test_insert_and_remove_by_a_program() -> None:
    """A program posts a site and gets a sentence; the stage has done it."""
    stage = FakeStage()
    async with served(Watched(PICTURE, stage)) as ask:
        async with ask("POST", "/demo/insert", data={"site": "Lyon"}) as answer:
            assert await answer.json() == {
                "ok": True,
                "sentence": "Lyon: the inspection device is in the way now; the next cycles will meet it.",
            }
        assert stage.inserted() == {"Lyon"}
        async with ask("POST", "/demo/remove", data={"site": "Lyon"}) as answer:
            assert answer.status == 200
        assert not stage.inserted()


async def test_insert_by_a_form() -> None:
    """A browser without scripts is sent back to the page of that site."""
    stage = FakeStage()
    form = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    async with served(Watched(PICTURE, stage)) as ask, ask("POST", "/demo/insert", data={"site": "Lyon"}, headers=form) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/?site=Lyon")


async def test_refusals_are_sentences() -> None:
    """A site without a place for a device, and a stage that cannot, say why; nothing is done."""
    stage = FakeStage()
    async with served(Watched(PICTURE, stage)) as ask:
        async with ask("POST", "/demo/insert", data={"site": "Atlantis"}) as answer:
            assert answer.status == 409
            assert "it can be put at Frankfurt, Lyon, Porto" in (await answer.json())["sentence"]
        stage.refusal = "The world has ended; start the demo again."
        async with ask("POST", "/demo/insert", data={"site": "Lyon"}, headers={"Accept": "text/html"}) as answer:
            assert answer.status == 409
            assert stage.refusal in await answer.text()
    assert not stage.inserted()


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}])
async def test_another_page_may_change_nothing(headers: dict[str, str]) -> None:
    """A form of another origin, and one by another name of ours, are refused."""
    stage = FakeStage()
    async with served(Watched(PICTURE, stage)) as ask, ask("POST", "/demo/insert", data={"site": "Lyon"}, headers=headers) as answer:
        assert answer.status in {403, 421}
    assert not stage.inserted()


async def test_production_has_no_stage() -> None:
    """Without a stage its addresses are not there."""
    async with served(Watched(PICTURE)) as ask, ask("POST", "/demo/insert", data={"site": "Lyon"}) as answer:
        assert answer.status == 404
