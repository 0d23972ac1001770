"""The console of a whole centre: a report in, its site on the page, and an end that leaves nothing open."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server.config import Settings
from server.console.live import Live
from server.ingest.mqtt import BrokerSettings
from server.run import Server, serving
from tests.fakes.reports import Agent
from tests.fakes.stage import FakeStage
from tests.server.ingest.conftest import client
from wire import topics

PATIENCE_S = 30.0


def settings(folder: Path) -> Settings:
    """Return a centre that needs no server."""
    own: dict[str, Any] = {
        "broker": {"url": "mqtt://127.0.0.1:0", "embedded": True},
        "history": {"kind": "embedded", "path": folder / "history.db"},
        "state": {"url": f"sqlite+aiosqlite:///{folder}/state.db"},
        "console": {"listen": "127.0.0.1:0"},
    }
    return Settings.model_validate(own)


async def report(server: Server, agent: Agent) -> None:
    """Publish the agent's next report and wait for its receipt."""
    topic, payload = agent.report(time.time_ns())
    here = BrokerSettings("127.0.0.1", server.broker_port, version="3.1.1", client_id=f"{agent.id}-{agent.stream[:8]}")
    async with client(here, topics.receipt(agent.id)) as (mqtt, heard, _):
        mqtt.publish(topic, payload, qos=1)
        await heard.until(lambda: bool(heard.messages))


async def is_up(session: aiohttp.ClientSession, page: str) -> bool:
    """Return whether the centre hears its broker: what is published before that, an agent would send again."""
    async with session.get(f"{page}/readyz") as answer:
        return answer.status == 200


async def test_report_comes_to_the_page_that_is_open(tmp_path: Path) -> None:
    """A page that is open is told of the first report: its site is in the table without loading again."""
    async with asyncio.timeout(PATIENCE_S), serving(settings(tmp_path)) as server, aiohttp.ClientSession() as session:
        page = f"http://127.0.0.1:{server.console_port}"
        async with session.get(page) as answer:
            assert "No site has reported yet" in await answer.text()
        async with session.get(f"{page}/live") as live:
            await report(server, Agent(site="Porto"))
            told = ""
            while "Porto" not in told:
                line = (await live.content.readline()).decode()
                told = json.loads(line[6:])["html"] if line.startswith("data: ") and '"sites"' in line[:30] else told
        async with session.get(page, params={"site": "Porto"}) as answer:
            assert answer.status == 200


async def test_stage_comes_to_the_page(tmp_path: Path) -> None:
    """A stage given to the centre has its forms on the page, and does what they say."""
    stage = FakeStage()
    async with serving(settings(tmp_path), stage=stage) as server, aiohttp.ClientSession() as session:
        page = f"http://127.0.0.1:{server.console_port}"
        async with session.post(f"{page}/demo/insert", data={"site": "Porto"}) as answer:
            assert answer.status == 200
        async with session.get(page) as answer:
            assert "Remove it at Porto" in await answer.text()


async def test_a_fault_of_the_page_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """When drawing fails by a fault of our own the centre goes on storing reports, the log says it, and the page is drawn anew."""
    monkeypatch.setattr("server.console.console.AGAIN_S", 0)
    rounds: list[int] = []

    async def run(_: Live) -> None:
        rounds.append(1)
        await asyncio.sleep(0)
        raise ZeroDivisionError

    monkeypatch.setattr(Live, "run", run)
    async with serving(settings(tmp_path)) as server:
        await report(server, Agent("agent-01"))
        assert len(rounds) > 1
    assert "the page's picture failed and is drawn anew; nothing is lost" in caplog.text
