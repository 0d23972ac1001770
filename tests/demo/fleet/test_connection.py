"""Holds demo/fleet/connection.py: who the fleet is to a broker, and whose receipt a topic is."""

import asyncio
from pathlib import Path

import pytest

from agent.config import Broker
from agent.mqtt import Lost, Refused
from agent.uplink import client_tls
from demo.fleet.connection import RECEIPTS, FleetSession, agent_of
from demo.servers import FLEET, FLEET_LINES
from server.ingest.broker import EmbeddedBroker
from tests.servers.fixtures import program
from tests.servers.mosquitto import SHIPPED, Mosquitto
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


@pytest.mark.servers
@pytest.mark.parametrize("allowed", [True, False])
async def test_a_real_broker_needs_its_lines(allowed: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    """With the fleet's certificate and its lines in the access list it may report for all; without the lines it is told that it may not."""
    access = tmp_path / "acl"
    access.write_text((SHIPPED / "acl").read_text() + (FLEET_LINES if allowed else ""))
    server = Mosquitto(program("mosquitto"), {"acl_file": str(access)})
    server.start()
    try:
        who = server.certificates.identity(FLEET)
        here = Broker("127.0.0.1", server.port, "5", ca=server.certificates.ca, certificate=who.certificate, key=who.key)
        woken = asyncio.Event()
        fleet = FleetSession(here, ("", ""), tls=client_tls(here), woken=woken.set)
        await fleet.open([RECEIPTS])
        async with asyncio.timeout(20):
            for seq in range(1, 31):  # more than may be unacknowledged: the first were answered
                await fleet.publish(topics.report("sim-london-01", "0" * 32, seq), b"x")
        assert fleet.refusal == (None if allowed else 0x87)  # MQTT 5 section 3.4.2.1: not authorised
        await fleet.close()
    finally:
        server.remove()
