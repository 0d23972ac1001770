"""Holds server/console/api/serving.py and route.py over a real socket: problems, ETags, pages, and strangers kept out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import Field
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from server.console.api.route import Answer, Call, Listing, PageQuery, Resource, Route, not_found, page_of
from server.console.api.serving import MOST_BYTES
from tests.fakes.api import Asking, asking


class Thing(Resource):
    """Something with a name."""

    name: str = Field(max_length=5)


class Shelf:
    """Things with revisions, in memory."""

    def __init__(self) -> None:
        self.things: dict[str, tuple[int, str]] = {"a": (1, "one")}

    async def listed(self, call: Call) -> Answer:
        """List names."""
        asked = call.asked(PageQuery)
        names = sorted(name for name in self.things if name > asked.after)
        return Answer(page_of(names[: asked.limit + 1], asked.limit, str))

    async def shown(self, call: Call) -> Answer:
        """Show one."""
        if call.names["id"] not in self.things:
            raise not_found("thing", call.names["id"], "GET /things lists them.")
        revision, name = self.things[call.names["id"]]
        return Answer(Thing(name=name), revision=revision)

    async def changed(self, call: Call) -> Answer:
        """Change one."""
        revision, _ = self.things[call.names["id"]]
        call.expect(revision, call.names["id"])
        self.things[call.names["id"]] = (revision + 1, call.given(Thing).name)
        return await self.shown(call)

    async def dropped(self, call: Call) -> Answer:
        """Drop one."""
        del self.things[call.names["id"]]
        return Answer()

    async def loaded(self, call: Call) -> Answer:
        """Take bytes."""
        return Answer(call.raw[:3], media="text/csv", status=201)

    async def failing(self, call: Call) -> Answer:
        """Fail as the state database does."""
        raise {
            "away": OperationalError("", {}, Exception()),
            "twice": IntegrityError("", {}, Exception()),
            "bad": DataError("", {}, Exception()),
        }[call.names["how"]]


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Asking]:
    """Give a shelf, served."""
    shelf = Shelf()
    routes = (
        Route("GET", "/things", shelf.listed, "List.", Listing[str], query=PageQuery),
        Route("GET", "/things/{id}", shelf.shown, "Show.", Thing),
        Route("PUT", "/things/{id}", shelf.changed, "Change.", Thing, body=Thing, changes=True),
        Route("DELETE", "/things/{id}", shelf.dropped, "Drop."),
        Route("POST", "/things", shelf.loaded, "Load.", raw="text/csv", media="text/csv", status=201),
        Route("GET", "/failing/{how}", shelf.failing, "Fail."),
    )
    async with asking(tmp_path, routes) as one:
        yield one


async def test_etags(ask: Asking) -> None:
    """A read names its revision, the same again is 304, a change needs it and makes another; a stale or forged one changes nothing."""
    told = await ask("GET", "/things/a")
    assert (told.status, told.headers["ETag"], told.body) == (200, '"r1"', {"name": "one"})
    assert (await ask("GET", "/things/a", headers={"If-None-Match": '"r1"'})).status == 304
    missing = await ask("PUT", "/things/a", {"name": "two"})
    assert (missing.status, missing.headers["Content-Type"], missing.headers["ETag"]) == (428, "application/problem+json", '"r1"')
    assert (await ask("PUT", "/things/a", {"name": "two"}, etag='"r1"')).headers["ETag"] == '"r2"'
    for forged in ('"r1"', '"r3"', "r2", 'W/"r2"', "", "\"r2'"):
        told = await ask("PUT", "/things/a", {"name": "evil"}, etag=forged)
        assert (told.status, told.headers["ETag"]) == (412, '"r2"'), forged
        assert "read it again" in told.body["detail"]
    assert (await ask("GET", "/things/a")).body == {"name": "two"}
    assert (await ask("PUT", "/things/a", {"name": "3"}, etag='"r9", "r2"')).status == 200
    assert (await ask("PUT", "/things/a", {"name": "4"}, etag="*")).status == 200


async def test_problems(ask: Asking) -> None:
    """Whatever is wrong is one document with the place and the remedy."""
    wrong = [
        ("GET", "/things/b", None, {}, 404, "There is no thing 'b'; GET /things lists them."),
        ("GET", "/none", None, {}, 404, "/api/v1/openapi.json lists what there is"),
        ("POST", "/things/a", None, {}, 405, "takes DELETE, GET, PUT"),
        ("GET", "/things?limit=0", None, {}, 422, "query.limit: "),
        ("GET", "/things?colour=red", None, {}, 422, "query.colour: there is no such field"),
        ("GET", "/things/a?x=1", None, {}, 422, "query.x: /things/{id} takes no parameters"),
        ("PUT", "/things/a", {"name": "longer"}, {}, 422, "body.name: String should have at most 5 characters"),
        ("PUT", "/things/a", {"name": "a", "size": 1}, {}, 422, "body.size: there is no such field"),
        ("PUT", "/things/a", b"{", {}, 400, "body: is not JSON"),
        ("PUT", "/things/a", b"[" * 100_000, {}, 400, "body: is not JSON"),
        ("PUT", "/things/a", b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "send application/json"),
        ("POST", "/things", b"x" * (MOST_BYTES + 1), {"Content-Type": "text/csv"}, 413, "send it in parts"),
        ("GET", "/failing/away", None, {}, 503, "nothing was changed"),
        ("GET", "/failing/twice", None, {}, 409, "read it again"),
        ("GET", "/failing/bad", None, {}, 422, "remove control characters"),
    ]
    for method, path, body, headers, status, part in wrong:
        told = await ask(method, path, body, headers=headers)
        assert (told.status, told.body["status"]) == (status, status), (path, told.body)
        assert part in told.body["detail"], told.body
        assert told.body["instance"].startswith("/api/v1/")


async def test_strangers(ask: Asking) -> None:
    """Another host's name gets nothing, another page's request changes nothing, and every answer has our headers."""
    assert (await ask("GET", "/things", headers={"Host": "evil.example"})).status == 421
    assert (await ask("GET", "/openapi.json", headers={"Host": "evil.example"})).status == 421
    assert (await ask("DELETE", "/things/a", headers={"Origin": "http://evil.example"})).status == 403
    assert (await ask("DELETE", "/things/a", headers={"Sec-Fetch-Site": "cross-site"})).status == 403
    told = await ask("DELETE", "/things/a")
    assert (told.status, told.headers["X-Content-Type-Options"]) == (204, "nosniff")
    assert (await ask("GET", "/things/a")).status == 404


async def test_pages_and_bytes(ask: Asking) -> None:
    """A list comes in pages until there is no next; bytes go in and out as they are."""
    for name in ("b", "c"):
        await ask("PUT", f"/things/{name}", {"name": name}, etag="*")
    told = await ask("GET", "/things?limit=1")
    assert told.body == {"items": ["a"], "next": None}
    told = await ask("POST", "/things", b"abcdef", headers={"Content-Type": "text/csv"})
    assert (told.status, told.body, told.headers["Content-Type"]) == (201, "abc", "text/csv; charset=utf-8")
