"""A change of Microsoft's list, all the way through a running centre: fetched, told, judged by, and in the plan an agent receives.

The service is on loopback; broker and history are the centre's own.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from server.feed import following
from server.feed.duty import FeedDuty
from server.fleet import publishing
from server.fleet.issuer import Issuer
from server.fleet.plans import make_key
from server.ingest.mqtt import BrokerSettings
from server.run import Server, serving
from server.state import events, feed, plans
from server.state.events import Wanted
from server.watcher.leading import Leadership
from tests.fakes.endpoint_service import OLD, edited, endpoint_service, recorded
from tests.fakes.reports import Agent
from tests.server.feed.test_duty import LATER, _more
from tests.server.ingest.conftest import client
from tests.server.test_run import PATIENCE_S, report, settings, up
from wire import topics
from wire.plan import Envelope, Plan


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not await met():  # noqa: ASYNC110 - what is waited for is on the other side of a socket
            await asyncio.sleep(0.05)


async def changes(server: Server) -> list[str]:
    """Return the sentences of all changes told, oldest first."""
    async with server.database.reading() as transaction:
        found = await events.listed(transaction, Wanted(kind="feed-changed"), 10)
    return [row.sentence for _, row in reversed(found)]


async def issued(server: Server) -> int:
    """Return the newest version of a plan."""
    async with server.database.reading() as transaction:
        return (await plans.pulse(transaction))[0]


async def test_a_change_reaches_judge_and_agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first list, then the newer one: each is one event, one plan; a restart asks, tells and issues nothing."""
    for place, name in ((FeedDuty, "every_s"), (Issuer, "every_s"), (following, "LOOK_S"), (publishing, "LOOK_S")):
        monkeypatch.setattr(place, name, 0.1)
    make_key(tmp_path / "plan.key")
    agent = Agent()
    async with endpoint_service() as service:
        service.latest, service.body = OLD, recorded(OLD)
        chosen = settings(tmp_path, feed={"enabled": True, "url": service.url}, plans={"key": tmp_path / "plan.key"})
        async with serving(chosen) as server:
            await until(lambda: up(server))
            await report(server, agent)
            await until(lambda: _is(lambda: server.interpreter.judge.knowledge.lists["Worldwide"] == OLD))
            before = server.interpreter.judge.knowledge.version
            service.latest, service.body = LATER, edited(recorded(), _more)
            async with server.database.writing() as transaction:
                await feed.ask_soon(transaction, ["Worldwide"])
            await until(lambda: _is(lambda: server.interpreter.judge.knowledge.lists["Worldwide"] == LATER))
            here = BrokerSettings("127.0.0.1", server.broker_port, version="3.1.1", client_id=f"{agent.id}-{agent.stream[:8]}")
            async with client(here, topics.plan(agent.id)) as (_, heard, _granted):
                await heard.until(lambda: "mail.example" in _hosts(heard.messages))
            assert server.interpreter.judge.knowledge.version != before
            told = await changes(server)
            assert ["to version 2025120100: 9 new names." in told[0], "to version 2026090100: 1 new name, 9 names removed." in told[1]] == [
                True,
                True,
            ]
            version = await issued(server)
            await report(server, agent)
            points = await server.history.latest("mw_raw", "finding", ["knowledge"], {}, time.time_ns() - 3600 * 10**9)
            assert server.interpreter.judge.knowledge.version in {point.fields["knowledge"] for point in points}
        service.paths()
        async with serving(chosen) as server:
            assert server.interpreter.judge.knowledge.lists["Worldwide"] == LATER
            await until(lambda: up(server))
            steps = _count(monkeypatch, FeedDuty), _count(monkeypatch, Issuer)
            await until(lambda: _is(lambda: all(len(one) >= 3 for one in steps)))
            assert (await issued(server), await changes(server), service.paths()) == (version, told, [])


def _count(monkeypatch: pytest.MonkeyPatch, duty: type[FeedDuty] | type[Issuer]) -> list[Leadership]:
    """Count the steps a duty does to their end from now on."""
    done: list[Leadership] = []
    plain: Any = duty.step

    async def step(self: object, lead: Leadership) -> None:
        await plain(self, lead)
        done.append(lead)

    monkeypatch.setattr(duty, "step", step)
    return done


async def _is(met: Callable[[], bool]) -> bool:
    return met()


def _hosts(messages: list[tuple[str, bytes]]) -> set[str]:
    """Return the hosts of the newest plan heard."""
    if not messages:
        return set()
    body = Envelope.model_validate(json.loads(messages[-1][1])).body
    return {target.host for target in Plan.model_validate_json(body).targets}
