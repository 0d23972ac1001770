"""Holds server/console/forms.py: a form does what a program does, says what was wrong, and takes nobody elsewhere."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import Field

from server.console.api.moments import Moment
from server.console.api.openapi import document
from server.console.api.route import Answer, Call, Problem, Resource, Route
from server.console.api.serving import BASE, Api
from server.console.forms import Forms, body_of
from server.console.listening import listen
from tests.fakes.api import asking


class Decision(Resource):
    """A decision with an end."""

    by: str
    until: Moment | None = None
    categories: list[str] = Field(default_factory=list)


class By(Resource):
    """Who."""

    by: str = ""


class Loaded(Resource):
    """What became of it."""

    rows: str


@dataclass
class Desk:
    """What came of forms."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)

    async def decide(self, call: Call) -> Answer:
        """Take a decision."""
        call.expect(1, call.names["id"])
        self.calls.append(call)
        if call.given(Decision).by == "nobody":
            raise Problem(422, "No", "body.by: nobody may not; write your name.")
        return Answer()

    async def load(self, call: Call) -> Answer:
        """Take a file."""
        self.calls.append(call)
        return Answer(Loaded(rows=call.asked(By).by))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give forms, served."""
    one = Desk()
    routes = (
        Route("POST", "/things/{id}/decide", one.decide, "Decide.", body=Decision),
        Route("PUT", "/things", one.load, "Load.", query=By, raw="text/csv"),
    )
    async with asking(tmp_path) as ask, contextlib.AsyncExitStack() as stack:
        api = Api(ask.means, routes, document(routes, "0", BASE), "127.0.0.1")
        forms = Forms(
            api, lambda title, sentence, link: f"{title}: {sentence} ({link})", lambda told, link: f"{told['rows']} ({link})", "127.0.0.1"
        )
        one.url = f"http://127.0.0.1:{await listen('console.listen', '127.0.0.1:0', stack, forms.add)}/form"
        yield one


async def send(url: str, data: Any, **headers: str) -> tuple[int, str, str]:
    """Send a form; return status, place and text."""
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_a_form_is_a_call(desk: Desk) -> None:
    """Fields become the endpoint's body, its ETag goes along, and the browser goes back where it came from."""
    fields = {"by": "Ada", "until": "2026-12-01", "zone": "Europe/Lisbon", "categories[]": "Optimize", "etag": '"r1"', "back": "/?site=A"}
    assert (await send(f"{desk.url}/things/a%2Fb/decide", fields))[:2] == (303, "/?site=A")
    (call,) = desk.calls
    decision = call.given(Decision)
    assert (call.names, decision.by, decision.categories) == ({"id": "a/b"}, "Ada", ["Optimize"])
    assert decision.until is not None
    assert decision.until.isoformat() == "2026-12-01T23:59:59+00:00"


async def test_files_and_methods(desk: Desk) -> None:
    """A file is the body as it is, other fields are the query, and the browser is shown what became of it."""
    form = aiohttp.FormData({"method": "PUT", "by": "Ada"})
    form.add_field("file", b"a,b", filename="sites.csv", content_type="text/csv")
    assert await send(f"{desk.url}/things", form) == (200, "", "Ada (/)")
    assert desk.calls[0].raw == b"a,b"


async def test_what_was_wrong(desk: Desk) -> None:
    """A refusal is a page with its sentence and the way back; nothing leads to another's address, nor comes from another's page."""
    url = f"{desk.url}/things/a/decide"
    status, _, text = await send(url, {"by": "nobody", "etag": '"r1"', "back": "//evil.example"})
    assert (status, text) == (422, "That was not done: body.by: nobody may not; write your name. (/)")
    assert (await send(url, {"by": "Ada", "etag": '"r0"'}))[0] == 412
    assert (await send(url, {"etag": '"r1"'}))[0] == 422
    assert (await send(f"{desk.url}/none", {}))[0] == 404
    assert (await send(url, {"by": "Ada"}, Origin="http://evil.example"))[0] == 403
    assert (await send(url, {"by": "Ada"}, Host="evil.example"))[0] == 403


def test_body_of() -> None:
    """Empty fields are left out, repeated ones are lists, bare times get the zone's offset, and what is no time stays text."""
    fields = {
        "a": ["x", "y"],
        "b": [""],
        "c[]": ["z"],
        "l[lines]": ["one\r\n\n two "],
        "t": ["2026-07-01T08:30"],
        "d": ["2026-13-01"],
        "zone": ["Asia/Kolkata"],
    }
    assert body_of(fields) == {"a": ["x", "y"], "c": ["z"], "l": ["one", "two"], "t": "2026-07-01T08:30:00+05:30", "d": "2026-13-01"}
