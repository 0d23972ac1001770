"""Events, a clock, a channel and receivers for tests of notifications. The receivers are real aiohttp servers on loopback."""

import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from server.notify.channel import Outcome, Parcel
from server.notify.folding import Folding, Manner
from server.state import letters
from server.state.database import Database
from server.state.events import EventRow
from server.watcher.kinds import KINDS
from server.watcher.leading import Leadership
from server.watcher.notices.alert import Seen
from server.watcher.notices.routing import Rule
from server.watcher.telling import publish
from wire.codec import canonical

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
START = 1_772_359_200 * SECOND
"""2026-03-01 10:00 UTC, a Sunday."""
_numbers = itertools.count(1)


def seen(kind: str, site: str = "Lyon", at_ns: int = START, **more: Any) -> Seen:
    """Return an event as the pure rules take it; its number rises unless it is given."""
    number = more.pop("number", 0) or next(_numbers)
    scope = more.pop("scope", site)
    device = more.pop("device", "")
    severity = more.pop("severity", KINDS[kind].severity)
    return Seen(number, f"{device}|{scope}|{kind}|{number}", kind, severity, device, scope, site, at_ns, **more)


class Desk:
    """A watcher's duty over a database, with a clock the test moves."""

    def __init__(self, database: Database, *rules: Rule, wait_s: float = 30, holder: str = "one", **manner: Any) -> None:
        self.database = database
        self.now_ns = START
        self.lead = Leadership(database, holder, lambda: self.now_ns)
        self.folding = Folding(Manner(rules, int(wait_s * SECOND), **manner))
        self._episode = itertools.count(1)

    async def tell(self, kind: str, scope: str = "Lyon", **more: Any) -> EventRow:
        """Publish an event of now."""
        body = more.pop("body", {})
        at_ns = more.pop("at_ns", self.now_ns)
        sentence = more.pop("sentence", f"{scope}: {KINDS[kind].meaning}.")
        severity = more.pop("severity", KINDS[kind].severity)
        row = EventRow(kind, severity, more.pop("device", ""), scope, next(self._episode), at_ns, self.now_ns, sentence, canonical(body))
        async with self.database.writing() as transaction:
            assert await publish(self.database, transaction, row, self.now_ns)
        return row

    async def step(self, after_s: float = 0) -> None:
        """Let time pass, and do what is due."""
        self.now_ns += int(after_s * SECOND)
        await self.lead.lead()
        await self.folding.step(self.lead)

    async def letters(self, target: str = "") -> list[dict[str, Any]]:
        """Return the letters written so far, oldest first, as their JSON with `state`, `tries`."""
        async with self.database.reading() as transaction:
            rows = (await letters.listed(transaction, target=target, limit=10_000))[::-1]
            bodies = await letters.bodies(transaction, [row.id for row in rows])
        return [json.loads(bodies[row.id]) | {"state": row.state, "tries": row.tries} for row in rows]

    async def subjects(self, target: str = "") -> list[str]:
        """Return the subjects of the letters written so far."""
        return [one["subject"] for one in await self.letters(target)]


class Fake:
    """A channel that answers as told, the last answer for ever, and remembers what it was given."""

    def __init__(self, *troubles: str, then: Callable[[], None] = lambda: None) -> None:
        self.troubles = list(troubles) or [""]
        self.got: list[Parcel] = []
        self._then = then

    async def send(self, parcel: Parcel) -> Outcome:
        """Take a parcel, or not."""
        self.got.append(parcel)
        self._then()
        return Outcome(self.troubles.pop(0) if len(self.troubles) > 1 else self.troubles[0])

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(slots=True)
class Receiver:
    """What a loopback server got: (headers, body) of each request. `answers` are statuses, the last for ever."""

    answers: Sequence[int] = (200,)
    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    gate: Callable[[], Any] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        """Keep a request and answer."""
        body = await request.read()
        self.got.append((dict(request.headers), body))
        if self.gate is not None:
            await self.gate()
        number = min(len(self.got), len(self.answers)) - 1
        return web.Response(status=self.answers[number], headers={"Retry-After": "7"} if self.answers[number] == 429 else {})


@contextlib.asynccontextmanager
async def receiving(receiver: Receiver, port: int = 0) -> AsyncIterator[Receiver]:
    """Serve a receiver on a free port, or on the one it had before."""
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    assert site._server is not None
    taken = runner.addresses[0][1]
    receiver.url = f"http://127.0.0.1:{taken}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
