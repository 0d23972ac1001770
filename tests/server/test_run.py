"""The whole centre in this process, broker and history its own: a report in, a receipt out, and an end that leaves nothing open."""

import asyncio
import contextlib
import dataclasses
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client.parser import text_string_to_metric_families

from server.config import BadConfiguration, Settings
from server.fleet.plans import public_text
from server.ingest.mqtt import BrokerSettings
from server.run import Server, serving
from server.state.summary import summary
from tests.fakes.reports import Agent
from tests.server.ingest.conftest import client
from tests.servers.process import free_port
from wire import topics
from wire.receipt import Receipt

PATIENCE_S = 30.0
"""Far beyond anything here, so that a fault ends the test."""


def settings(folder: Path, **sections: dict[str, Any]) -> Settings:
    """Return a centre that needs no server, with other sections in place of its own."""
    own = {
        "broker": {"url": "mqtt://127.0.0.1:0", "embedded": True},
        "history": {"kind": "embedded", "path": folder / "history.db"},
        "state": {"url": f"sqlite+aiosqlite:///{folder}/state.db"},
        "console": {"listen": "127.0.0.1:0"},
        "reflector": {"listen": "127.0.0.1:0"},
    }
    return Settings.model_validate(own | sections)


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """Hold for every test here that it ends with the tasks and threads it began with."""
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    yield
    assert not {repr(task) for task in asyncio.all_tasks() - tasks if task is not asyncio.current_task()}
    assert not {one.name for one in set(threading.enumerate()) - threads if not one.name.startswith("asyncio_")}  # the loop's own pool


async def healthz(server: Server) -> tuple[int, dict[str, Any]]:
    """Return what the health page says."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{server.console_port}/readyz") as answer:
        return answer.status, await answer.json()


async def metrics(server: Server) -> dict[str, float]:
    """Return the samples of the metrics page by name and labels."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{server.console_port}/metrics") as answer:
        families = list(text_string_to_metric_families(await answer.text()))
    return {" ".join([one.name, *one.labels.values()]): one.value for family in families for one in family.samples}


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not await met():  # noqa: ASYNC110 - what is waited for is on the other side of a socket
            await asyncio.sleep(0.02)


async def report(server: Server, agent: Agent) -> Receipt:
    """Publish the agent's next report as any MQTT client would; return the receipt."""
    topic, payload = agent.report(time.time_ns())
    here = BrokerSettings("127.0.0.1", server.broker_port, version="3.1.1", client_id=f"{agent.id}-{agent.stream[:8]}")
    async with client(here, topics.receipt(agent.id)) as (mqtt, heard, _):
        mqtt.publish(topic, payload, qos=1)
        await heard.until(lambda: bool(heard.messages))
    return Receipt.model_validate_json(heard.messages[0][1])


async def test_a_report_is_stored_and_receipted(tmp_path: Path) -> None:
    """What a plain client publishes is in both stores when its receipt comes, and in the metrics; a second start has it still."""
    agent = Agent()
    async with serving(settings(tmp_path)) as server:
        await until(lambda: up(server))
        receipt = await report(server, agent)
        assert (receipt.stream, receipt.upto, receipt.want, receipt.quarantined) == (agent.stream, 1, [], [])
        stored = await summary(server.database)
        assert (stored.reports, stored.observations) == (1, 25)
        points = await server.history.latest("mw_raw", "web", ["total_ms", "seq"], {}, 0)
        assert {dict(point.tags)["site"] for point in points} == {"Porto"}
        assert [point.fields["seq"] for point in points] == [1] * 12
        found = await metrics(server)
        assert found["middlewatch_reports_total stored"] == 1
        assert found["middlewatch_broker_connected"] == 1
        assert found["middlewatch_endpoint_list_age_seconds Worldwide shipped"] > 0
        assert found["middlewatch_history_condition ok"] == 1
        assert found["middlewatch_points_stored_total"] == 25 + 13  # findings: each target, and the request at the reflector
    async with serving(settings(tmp_path)) as server:
        await until(lambda: up(server))
        assert (await report(server, agent)).upto == 2
        assert (await summary(server.database)).reports == 2


async def up(server: Server) -> bool:
    """Return whether the broker is connected and the watcher decides."""
    return (await healthz(server))[0] == 200 and server.watcher is not None and server.watcher.active


async def test_health_and_reflector(tmp_path: Path) -> None:
    """The pages say what there is: each part, whether lab agents are taken, and to the reflector's caller how it arrived."""
    async with serving(settings(tmp_path, collector={"accept_lab_agents": True})) as server:
        await until(lambda: up(server))
        status, told = await healthz(server)
        assert told.pop("endpoints").startswith("Worldwide: the shipped list of 2026-08-14, ")
        assert (status, told) == (
            200,
            {"ok": True, "history": "ok", "broker": "ok", "watcher": "decides", "lab": "this centre accepts lab agents"},
        )
        address = f"http://127.0.0.1:{server.reflector.port}/reflect"
        async with aiohttp.ClientSession() as session, session.get(address, headers={"X-mW-cAnArY": "one"}) as answer:
            told = json.loads(await answer.text())
        assert told["address"] == "127.0.0.1"
        assert "X-mW-cAnArY: one" in told["headers"]


async def test_knowledge_is_replaced_while_it_runs(tmp_path: Path) -> None:
    """From the next report on judgements are by the new knowledge, with its version; a bundle not there is a part of health, not an end."""
    bundle = {"bundle": tmp_path / "none.json", "keys": {"ops": public_text(Ed25519PrivateKey.generate())}}
    async with serving(settings(tmp_path, knowledge=bundle)) as server:
        await until(lambda: up(server))
        _, told = await healthz(server)
        assert told["ok"]
        assert told["knowledge"].endswith("none.json: No such file or directory; name a file that can be read")
        before = server.interpreter.judge
        server.adopt(dataclasses.replace(before.knowledge, version="2026-12-01+01234567"))
        await report(server, Agent())
        points = await server.history.latest("mw_raw", "finding", ["knowledge"], {}, 0)
        assert {point.fields["knowledge"] for point in points} == {"2026-12-01+01234567"}
        assert (before.memo_misses, server.interpreter.judge.memo_misses) == (0, 1)
        assert (await metrics(server))["middlewatch_judge_memo miss"] == 1


async def test_influx_that_is_away_is_a_state(tmp_path: Path) -> None:
    """It starts without InfluxDB and waits for it; health is 503 with the sentence, from the start on, and the metrics say away."""
    history = {"kind": "influx", "url": f"http://127.0.0.1:{free_port()}", "token": "t"}
    async with serving(settings(tmp_path, history=history)) as server:
        await until(lambda: connected(server))
        status, told = await healthz(server)
        assert (status, told["ok"], told["broker"]) == (503, False, "ok")
        assert told["history"].startswith(f"history.url: {history['url']} does not answer")
        assert told["history"].endswith("check that InfluxDB runs there")
        assert (await metrics(server))["middlewatch_history_condition away"] == 1


async def connected(server: Server) -> bool:
    """Return whether the broker is connected."""
    return (await metrics(server))["middlewatch_broker_connected"] == 1


async def test_a_broker_that_is_away_is_a_state(tmp_path: Path) -> None:
    """Without a broker it runs, and says what it waits for."""
    port = free_port()
    async with serving(settings(tmp_path, broker={"url": f"mqtt://127.0.0.1:{port}"})) as server:
        await until(lambda: said(server, "connection refused"))
        status, told = await healthz(server)
        assert (status, told["history"]) == (503, "ok")
        assert told["broker"] == f"broker 127.0.0.1:{port}: connection refused; check broker.url and that the broker runs"


async def said(server: Server, words: str) -> bool:
    """Return whether health says so of the broker."""
    return words in (await healthz(server))[1]["broker"]


async def test_parts_can_be_switched_off(tmp_path: Path) -> None:
    """A process without a collector says nothing of a broker it does not use, and is healthy; without a watcher nothing decides."""
    async with serving(settings(tmp_path, collector={"enabled": False})) as server:
        assert (await healthz(server))[0] == 200
        assert set((await healthz(server))[1]) == {"ok", "watcher", "endpoints"}
        assert server.ingest.sentence == "not connected yet"
    off: dict[str, dict[str, Any]] = {"watcher": {"enabled": False}, "console": {"listen": ""}, "reflector": {"listen": ""}}
    async with serving(settings(tmp_path, **off)) as server:
        assert (server.watcher, server.console_port, server.reflector.port) == (None, 0, 0)


async def test_two_collectors_of_one_state(tmp_path: Path) -> None:
    """Only one watcher decides; when it stops, the other does, without waiting the lease out."""
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving(settings(tmp_path)))
        await until(lambda: up(first))
        async with serving(settings(tmp_path)) as second:
            await until(lambda: connected(second))
            assert (await healthz(second))[1]["watcher"] == "stands by"
            await stack.aclose()
            await until(lambda: up(second))


async def test_cancelled_it_leaves_nothing(tmp_path: Path) -> None:
    """Cancelled in full work it ends; its ports are closed and its files can be used at once."""
    ready: asyncio.Future[Server] = asyncio.get_running_loop().create_future()

    async def centre() -> None:
        async with serving(settings(tmp_path)) as server:
            ready.set_result(server)
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(centre(), name="centre")
        server = await ready
        await until(lambda: up(server))
        await report(server, Agent())
        task.cancel()
    for port in (server.broker_port, server.console_port, server.reflector.port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    async with serving(settings(tmp_path)) as again:
        assert (await summary(again.database)).reports == 1


async def test_what_the_body_raises_comes_out_as_it_is(tmp_path: Path) -> None:
    """Whoever embeds a centre sees their own exception, not a group of one."""

    async def centre() -> None:
        async with serving(settings(tmp_path)):
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await centre()


@pytest.mark.parametrize("section", ["console", "reflector"])
async def test_what_cannot_start_stops_what_has_started(tmp_path: Path, section: str) -> None:
    """A port that is taken is found after broker and stores are open: they are closed again."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(BadConfiguration, match=rf"config: {section}\.listen: {address} cannot be opened \(address already in use\)"):
            async with serving(settings(tmp_path, **{section: {"listen": address}})):
                pass
