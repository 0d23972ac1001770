"""A stand-in for InfluxDB on loopback that answers as it is told, for the answers a healthy server does not give.

`FakeInflux.answer` decides from the lines of a write; what it is told to store is kept in `stored`. Its normal ways are those measured
on 2.9.1: `as_influx` refuses a whole body for an unreadable line (400) and stores the rest for a conflict or an old point (422).
"""

import asyncio
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. `stored`: the lines of the request it keeps all the same."""

    status: int = 204
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    stored: tuple[str, ...] = ()


def as_influx(lines: list[str]) -> Answer:
    """Answer as 2.9.1 does: a line with the word `unreadable`, `conflict` or `ancient` is what it says."""
    for line in lines:
        if "unreadable" in line:
            return Answer(400, json.dumps({"code": "invalid", "message": f"unable to parse '{line}': invalid field format"}))
    good = tuple(line for line in lines if "conflict" not in line and "ancient" not in line)
    dropped = len(lines) - len(good)
    if not dropped:
        return Answer(stored=good)
    if any("conflict" in line for line in lines):
        why = "partial write: field type conflict: input field a on measurement web is type float, already exists as type integer"
    else:
        why = f"partial write: dropped {dropped} points outside retention policy of duration 336h0m0s"
    text = f"failure writing points to database: {why} dropped={dropped}"
    return Answer(422, json.dumps({"code": "unprocessable entity", "message": text}), stored=good)


class FakeInflux:
    """`url` once started. Counts requests; `silence` makes it take requests and answer nothing until it is set.

    `asked` is set when a request came whole, and cleared by who waits for the next one.
    """

    def __init__(self, answer: Callable[[list[str]], Answer] = as_influx) -> None:
        self.answer = answer
        self.requests = 0
        self.stored: list[str] = []
        self.url = ""
        self.silence: asyncio.Event | None = None
        self.asked = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on this or a free port of 127.0.0.1."""
        application = web.Application(client_max_size=1 << 26)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.set()
        if self.silence is not None:
            await self.silence.wait()
        self.requests += 1
        # aiohttp's server undoes Content-Encoding by itself; a body it left alone starts with gzip's two bytes
        text = (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode()
        answer = self.answer(text.splitlines())
        self.stored += answer.stored
        return web.Response(status=answer.status, text=answer.body, headers=answer.headers)
