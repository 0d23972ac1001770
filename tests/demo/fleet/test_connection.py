"""Holds demo/fleet/connection.py: who the fleet is to a broker, and whose receipt a topic is."""

import asyncio

import pytest

from agent.config import Broker
from agent.mqtt import Lost, Refused
from demo.fleet.connection import RECEIPTS, FleetSession, agent_of
from server.ingest.broker import EmbeddedBroker
from wire import topics


def test_agent_of() -> None:
    """A receipt's topic names its agent; any other topic names none."""
    assert agent_of(topics.receipt("sim-london-01")) == "sim-london-01"
    assert [agent_of(topic) for topic in (topics.plan("a"), topics.status("a"), "x", "")] == [""] * 4


async def test_it_may_speak_for_all_by_password_only() -> None:
    """With name and password it hears every agent's receipts; without them it is refused, as any agent is that wants another's."""
    broker = EmbeddedBroker("127.0.0.1", 0, "the password")
    port = await broker.start()
    here = Broker("127.0.0.1", port, "3.1.1", tls=False)
    try:
        heard = asyncio.Event()
        fleet = FleetSession(here, ("collector", "the password"), tls=None, woken=heard.set)
        await fleet.open([RECEIPTS])
        await fleet.publish(topics.receipt("sim-london-01"), b"one")
        async with asyncio.timeout(20):
            while not (taken := fleet.take()):
                heard.clear()
                await heard.wait()
        assert taken == [(topics.receipt("sim-london-01"), b"one")]
        await fleet.close()
        for login in (("", ""), ("collector", "another")):
            stranger = FleetSession(here, login, tls=None, woken=heard.set)
            with pytest.raises((Refused, Lost)):  # amqtt hangs up so soon that its refusal may be overtaken
                await stranger.open([RECEIPTS])
            await stranger.close()
    finally:
        await broker.stop()
