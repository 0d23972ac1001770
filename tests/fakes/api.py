"""The API over a real state database, served on loopback and asked as a program asks."""

import contextlib
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from judge.knowledge.loader import load_knowledge
from server.config import Settings
from server.console.api.openapi import document
from server.console.api.route import Route
from server.console.api.routes import ROUTES
from server.console.api.serving import BASE, Api
from server.console.listening import listen
from server.fleet.registry import Registry
from server.history.embedded import Embedded
from server.means import Means
from server.state.database import Database, open_database
from server.watcher.refreshing import States

NOW_NS = 1_790_000_000 * 10**9


@dataclass
class Told:
    """One answer. `body` is its JSON, or its text when it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Asking:
    """A program that asks. `means` is what the API works on; `now_ns` may be moved."""

    means: Means
    url: str
    session: aiohttp.ClientSession
    now_ns: int = NOW_NS

    @property
    def database(self) -> Database:
        """Return the state database."""
        return self.means.database

    async def __call__(
        self, method: str, path: str, body: Any = None, *, etag: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Told:
        """Ask `path` below /api/v1; `body` is sent as JSON, bytes as they are with the given Content-Type; `etag` as If-Match."""
        sent = dict(headers or {})
        if etag is not None:
            sent["If-Match"] = etag
        plain = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if plain is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(
            method, f"{self.url}{BASE}{path}", data=plain if plain is None else io.BytesIO(plain), headers=sent
        ) as answer:
            text = await answer.text()
            body = json.loads(text) if "json" in answer.content_type and text else text
            return Told(answer.status, answer.headers, body)


@asynccontextmanager
async def asking(
    folder: Path, routes: Sequence[Route] = ROUTES, settings: Settings | None = None, registry: Registry | None = None
) -> AsyncIterator[Asking]:
    """Serve routes on a fresh SQLite state database and an embedded history in `folder`; give who asks them."""
    async with contextlib.AsyncExitStack() as stack:
        database = await open_database(f"sqlite+aiosqlite:///{folder / 'state.db'}")
        stack.push_async_callback(database.close)
        history = Embedded(folder / "history.db")
        stack.push_async_callback(history.close)
        knowledge = load_knowledge()
        session = await stack.enter_async_context(aiohttp.ClientSession())
        plain = settings or Settings.model_validate(
            {"history": {"kind": "embedded"}, "broker": {"embedded": True, "url": "mqtt://127.0.0.1:0"}}
        )

        async def states(_now_ns: int) -> States:
            return States([], [])

        means = Means(plain, database, history, registry or Registry(), lambda: knowledge, lambda: one.now_ns, states)
        api = Api(means, routes, document(routes, "0", BASE), "127.0.0.1")
        port = await listen("console.listen", "127.0.0.1:0", stack, api.add)
        one = Asking(means, f"http://127.0.0.1:{port}", session)
        yield one
