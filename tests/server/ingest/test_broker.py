"""The embedded broker: a port, a password for the collector, and an access list by client id."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from amqtt.contexts import Action
from gmqtt import Client, Message
from gmqtt.mqtt.constants import MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError

from server.ingest.broker import COLLECTOR, BrokerUnavailable, EmbeddedBroker, OwnTopics
from server.ingest.mqtt import BrokerSettings
from tests.fakes.centre import hang_up
from tests.server.ingest.conftest import client
from wire import topics

STREAM = "0" * 32


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Give the port of a running broker with the password `secret`."""
    broker = EmbeddedBroker("127.0.0.1", 0, "secret")
    port = await broker.start()
    yield port
    await broker.stop()
    await hang_up(port)


def as_agent(port: int, client_id: str) -> BrokerSettings:
    """Return how an agent connects."""
    return BrokerSettings("127.0.0.1", port, "3.1.1", client_id)


def as_collector(port: int, password: str) -> BrokerSettings:
    """Return how the collector connects."""
    return BrokerSettings("127.0.0.1", port, "3.1.1", "collector-0", username=COLLECTOR, password=password)


async def test_reports_go_up_and_receipts_come_down(port: int) -> None:
    """An agent publishes under its own name and hears its receipt; the collector hears all reports."""
    async with (
        client(as_collector(port, "secret"), topics.REPORTS) as (collector, heard, _),
        client(as_agent(port, "agent-01-0000"), topics.receipt("agent-01"), topics.plan("agent-01")) as (agent, told, granted),
    ):
        agent.publish(topics.report("agent-01", STREAM, 1), b"report", qos=1)
        await heard.until(lambda: bool(heard.messages))
        collector.publish(topics.receipt("agent-01"), b"receipt", qos=0)
        await told.until(lambda: bool(told.messages))
    assert granted == [1, 1]
    assert heard.messages == [(topics.report("agent-01", STREAM, 1), b"report")]
    assert told.messages == [(topics.receipt("agent-01"), b"receipt")]


async def test_an_agent_cannot_speak_for_another(port: int) -> None:
    """What it publishes under another name, or as a receipt, reaches nobody; what follows under its own does."""
    async with (
        client(as_collector(port, "secret"), topics.REPORTS, "mw/v1/agent/+/receipt") as (_, heard, _granted),
        client(as_agent(port, "agent-02-0000")) as (agent, _told, _),
    ):
        for topic in (topics.report("agent-01", STREAM, 1), topics.receipt("agent-02"), topics.receipt("agent-01"), "mw/v1/event/device"):
            agent.publish(topic, b"forged", qos=1)
        agent.publish(topics.report("agent-02", STREAM, 1), b"own", qos=1)
        await heard.until(lambda: bool(heard.messages))
    assert heard.messages == [(topics.report("agent-02", STREAM, 1), b"own")]


@pytest.mark.parametrize("who", ["agent-02-0000", "+-0000", "#-0000", "agent", "-0000", "agent-01/receipt-0000"])
async def test_an_agent_cannot_read_what_is_anothers(port: int, who: str) -> None:
    """Neither receipts nor reports nor everything, whatever its client id is made of."""
    wanted = (topics.receipt("agent-01"), "mw/v1/agent/+/receipt", topics.REPORTS, "#", "mw/v1/#", "$SYS/#")
    async with client(as_agent(port, who), *wanted) as (_, _seen, granted):
        assert granted == [0x80] * len(wanted)


async def test_the_collectors_name_needs_its_password(port: int) -> None:
    """Wrong or empty: refused, not taken as an agent."""
    for password in ("wrong", ""):
        with pytest.raises(MQTTConnectError):
            async with client(as_collector(port, password)):
                pass


@pytest.mark.parametrize("topic", [topics.receipt("agent-01"), topics.report("agent-01", STREAM, 1), topics.status("agent-01")])
async def test_a_last_will_is_not_spoken_for_another(port: int, topic: str) -> None:
    """A will that is not the agent's own is refused with its connection: amqtt would publish it without asking the access list."""
    forger = Client("agent-02-0000", will_message=Message(topic, b"forged", qos=1))
    forger.set_config({"reconnect_retries": -2, "reconnect_delay": 0})
    with pytest.raises(MQTTConnectError):
        await forger.connect("127.0.0.1", port, version=MQTTv311)


async def test_a_last_will_is_spoken_for_oneself(port: int) -> None:
    """An agent that falls silent is told as offline."""
    agent = Client("agent-02-0000", will_message=Message(topics.status("agent-02"), b"offline", qos=1))
    agent.set_config({"reconnect_retries": -2, "reconnect_delay": 0})
    async with client(as_collector(port, "secret"), topics.status("+")) as (_, heard, _granted):
        await agent.connect("127.0.0.1", port, version=MQTTv311)
        agent._connection._transport.abort()
        await heard.until(lambda: bool(heard.messages))
    assert heard.messages == [(topics.status("agent-02"), b"offline")]


async def test_who_comes_meanwhile_costs_no_message(port: int) -> None:
    """Reports sent while others subscribe all arrive: amqtt walks a list of subscriptions that may grow under its feet."""
    async with (
        client(as_collector(port, "secret"), topics.REPORTS) as (_, heard, _),
        client(as_agent(port, "agent-01-0000"), topics.receipt("agent-01")) as (agent, _, _),
    ):
        for number in range(10):
            name = f"late-{number}"
            agent.publish(topics.report("agent-01", STREAM, number + 1), b"report", qos=1)
            async with client(as_agent(port, f"{name}-0000"), topics.receipt(name), topics.plan(name)):
                pass
        await heard.until(lambda: len(heard.messages) == 10)


async def test_a_port_in_use_is_one_sentence(port: int) -> None:
    """Address, reason, remedy."""
    with pytest.raises(BrokerUnavailable, match=rf"^broker: 127\.0\.0\.1:{port} cannot be opened \(.*\); set broker\.url to a free port$"):
        await EmbeddedBroker("127.0.0.1", port, "secret").start()


async def test_the_port_is_free_again_after_the_end() -> None:
    """Stopped, started on the same port, stopped twice."""
    first = EmbeddedBroker("127.0.0.1", 0, "secret")
    port = await first.start()
    await first.stop()
    second = EmbeddedBroker("127.0.0.1", port, "secret")
    assert await second.start() == port
    await second.stop()
    await second.stop()
    await EmbeddedBroker("127.0.0.1", 0, "").stop()


@dataclass
class Session:
    """What amqtt tells its plugins of."""

    client_id: str = "agent-01-0000"
    username: str | None = None


@pytest.mark.parametrize(
    ("session", "topic", "action", "allowed"),
    [
        (Session(), topics.report("agent-01", STREAM, 1), Action.PUBLISH, True),
        (Session(), topics.status("agent-01"), Action.PUBLISH, True),
        (Session(), topics.receipt("agent-01"), Action.PUBLISH, False),
        (Session(), topics.plan("agent-01"), Action.PUBLISH, False),
        (Session(), topics.receipt("agent-01"), Action.SUBSCRIBE, True),
        (Session(), topics.plan("agent-01"), Action.RECEIVE, True),
        (Session(), topics.report("agent-01", STREAM, 1), Action.SUBSCRIBE, False),
        (Session(), topics.receipt("agent-02"), Action.RECEIVE, False),
        (Session(), None, Action.PUBLISH, False),
        (Session("agent-01"), topics.receipt("agent-01"), Action.SUBSCRIBE, False),
        (Session("+-0000"), "mw/v1/agent/+/receipt", Action.SUBSCRIBE, False),
        (Session("anything", COLLECTOR), topics.REPORTS, Action.SUBSCRIBE, True),
        (None, topics.REPORTS, Action.SUBSCRIBE, False),
    ],
)
async def test_the_access_list(session: Session | None, topic: str | None, action: Action, allowed: bool) -> None:  # noqa: FBT001 - a table
    """As `deploy/mosquitto/acl` has it."""
    rules = OwnTopics.__new__(OwnTopics)
    assert await rules.topic_filtering(session=session, topic=topic, action=action) is allowed
