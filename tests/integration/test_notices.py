"""The whole centre tells: an event of its table reaches a webhook, a service of Apprise's and the broker, and the API shows it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from server.config import Settings
from server.ingest.broker import COLLECTOR
from server.ingest.mqtt import BrokerSettings
from server.notify.webhook import is_signed
from server.run import Server, serving
from server.state import notices
from server.state.events import EventRow
from server.watcher.telling import publish
from tests.fakes.notices import Receiver, receiving
from tests.server.ingest.conftest import client

SECRET = "0123456789abcdef"
PATIENCE_S = 30.0
"""Far beyond anything here, so that a fault ends the test."""


def settings(folder: Path, hook: Receiver, service: Receiver) -> Settings:
    """Return a centre with a target of each kind."""
    (folder / "secret").write_text(SECRET)
    (folder / "url").write_text(service.url.replace("http://", "json://"))
    targets = [
        {"name": "hook", "kind": "webhook", "url": hook.url, "secret_file": str(folder / "secret")},
        {"name": "service", "kind": "apprise", "url_file": str(folder / "url")},
        {"name": "bus", "kind": "mqtt"},
    ]
    return Settings.model_validate(
        {
            "broker": {"url": "mqtt://127.0.0.1:0", "embedded": True, "password": SECRET},
            "history": {"kind": "embedded", "path": folder / "history.db"},
            "state": {"url": f"sqlite+aiosqlite:///{folder}/state.db"},
            "console": {"listen": "127.0.0.1:0"},
            "notify": {"wait_s": 0, "console_url": "https://watch.example", "targets": targets},
        }
    )


async def happen(server: Server) -> None:
    """Let a site be down, as a rule of the watcher tells it."""
    now_ns = time.time_ns()
    event = EventRow("site-down", "P1", "", "Porto", 1, now_ns, now_ns, "Porto: no Optimize endpoint answers.", b'{"place": "Porto"}')
    async with server.database.writing() as transaction:
        assert await publish(server.database, transaction, event, now_ns)


async def test_an_event_reaches_every_kind_of_target(tmp_path: Path) -> None:
    """Once each, under one alert; what they get says the same."""
    hook, service = Receiver(), Receiver()
    async with receiving(hook), receiving(service), serving(settings(tmp_path, hook, service)) as server:
        bus = BrokerSettings("127.0.0.1", server.broker_port, "3.1.1", "listener", username=COLLECTOR, password=SECRET)
        async with client(bus, "mw/v1/event/+") as (_, heard, _granted), asyncio.timeout(PATIENCE_S):
            await until(lambda: begun(server))
            await happen(server)
            await until(lambda: arrived(hook.got, service.got, heard.messages))
    ((headers, body),) = hook.got
    assert is_signed(SECRET.encode(), headers["Middlewatch-Signature"], body, int(time.time()))
    plain, ((topic, payload),), ((_, told),) = json.loads(body), heard.messages, service.got
    assert topic == "mw/v1/event/site-down"
    assert plain["alert"] == json.loads(payload)["alert"]
    assert plain["subject"] == json.loads(payload)["subject"] == json.loads(told)["title"] == "P1 Porto: Optimize endpoints not reached"
    assert "https://watch.example/?site=Porto" in plain["links"]


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so."""
    while not await met():  # noqa: ASYNC110 - what is waited for is on the other side of a socket
        await asyncio.sleep(0.05)


async def arrived(*places: list[Any]) -> bool:
    """Return whether something has come everywhere."""
    return all(places)


async def begun(server: Server) -> bool:
    """Return whether notices have begun: what is told before is not told again to anybody."""
    async with server.database.reading() as transaction:
        return "begin" in await notices.marks(transaction)
