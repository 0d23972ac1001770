"""Microsoft's endpoint web service on loopback: serves the states it is given, as its documents say, and can misbehave.

Recorded answers are in tests/server/feed/reference and, as the shipped lists, in judge/knowledge/data.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from aiohttp import web

from judge.knowledge.assembly import ENDPOINT_FILES
from judge.knowledge.endpoints import EndpointList, Instance, read_set
from judge.knowledge.loader import DATA

REFERENCE = Path(__file__).parents[1] / "server" / "feed" / "reference"
OLD, NEW = "2025120100", "2026081400"
"""The two states of Worldwide there are recordings of."""


@lru_cache(maxsize=8)
def recorded(version: str = NEW, instance: Instance = "Worldwide") -> bytes:
    """Return the `endpoints` answer of a state; of the other instances there is one."""
    if version == OLD and instance == "Worldwide":
        return (REFERENCE / "endpoints-2025-12.json").read_bytes()
    return (DATA / ENDPOINT_FILES[instance]).read_bytes()


def sets_of(body: bytes) -> EndpointList:
    """Return the list of an answer."""
    return EndpointList([read_set(one) for one in json.loads(body)])


def edited(body: bytes, edit: Callable[[dict[int, dict[str, Any]]], None]) -> bytes:
    """Return an answer after `edit` changed its sets, by id."""
    sets = {one["id"]: one for one in json.loads(body)}
    edit(sets)
    return json.dumps(list(sets.values())).encode()


@dataclass
class EndpointService:
    """What is served: `latest` with `body`; `changes` of the service's own shape. `asked` notes each path and its query.

    `wrong` has an answer of its own for a path's first word: (status, headers, body).
    """

    latest: str = NEW
    body: bytes = field(default_factory=recorded)
    changes: list[dict[str, Any]] = field(default_factory=list)
    instance: str = "Worldwide"
    wrong: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def paths(self) -> list[str]:
        """Return the paths asked for since this was called last."""
        found, self.asked = [path for path, _ in self.asked], []
        return found

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as the service would, or wrongly."""
        self.asked.append((request.path, dict(request.query)))
        method = request.path.split("/")[1]
        if method in self.wrong:
            status, headers, body = self.wrong[method]
            return web.Response(status=status, headers=headers, body=body)
        plain: Any = {"version": {"instance": self.instance, "latest": self.latest}, "changes": self.changes}.get(method)
        body = self.body if method == "endpoints" else json.dumps(plain).encode()
        return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "public, max-age=3600"})


@asynccontextmanager
async def endpoint_service() -> AsyncIterator[EndpointService]:
    """Run the service while the body runs."""
    service = EndpointService()
    app = web.Application()
    app.router.add_get("/{tail:.*}", service.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()
