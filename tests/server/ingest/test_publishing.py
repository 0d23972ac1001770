"""Holds server/ingest/publishing.py on the embedded broker and a real mosquitto: acknowledged, or a sentence that says why not."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from server.ingest.broker import COLLECTOR as EMBEDDED
from server.ingest.broker import EmbeddedBroker
from server.ingest.mqtt import BrokerSettings
from server.ingest.publishing import Publisher
from tests.fakes.centre import hang_up
from tests.server.ingest.conftest import client
from tests.server.ingest.test_mqtt import real
from tests.servers.mosquitto import Mosquitto


@pytest.fixture
async def broker() -> AsyncIterator[BrokerSettings]:
    """Give how to speak to a running embedded broker."""
    embedded = EmbeddedBroker("127.0.0.1", 0, "secret")
    port = await embedded.start()
    yield BrokerSettings("127.0.0.1", port, "3.1.1", "collector-0", username=EMBEDDED, password="secret")
    await embedded.stop()
    await hang_up(port)


async def test_who_listens_hears_it(broker: BrokerSettings) -> None:
    """Published twice, heard twice; the collector's own connection is not disturbed."""
    async with client(broker, "mw/v1/event/+") as (_, heard, _granted):
        for _ in range(2):
            assert await Publisher(broker, "notices").publish("mw/v1/event/left", b"{}") == ""
        await heard.until(lambda: len(heard.messages) == 2)
    assert heard.messages == [("mw/v1/event/left", b"{}")] * 2


async def test_a_broker_that_refuses_or_is_not_there(broker: BrokerSettings) -> None:
    """A sentence each, with where and what to check; no password in it."""
    refused = await Publisher(replace(broker, password="very-wrong"), "notices").publish("mw/v1/event/left", b"{}")
    gone = await Publisher(replace(broker, port=1), "notices").publish("mw/v1/event/left", b"{}")
    assert "refuses us" in refused
    assert gone.startswith("broker 127.0.0.1:1: ")
    assert "very-wrong" not in refused + gone


@pytest.mark.servers
@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_the_shipped_access_list(mosquitto: Mosquitto, version: str) -> None:
    """The centre may publish events by it, and an agent may not; MQTT 5 says so, 3.1.1 cannot."""
    centre, agent = real(mosquitto, version=version), real(mosquitto, "agent-01", version=version)
    assert await Publisher(centre, "notices").publish("mw/v1/event/left", b"{}") == ""
    said = await Publisher(agent, "notices").publish("mw/v1/event/left", b"{}")
    assert ("it refuses mw/v1/event/left" in said) is (version == "5")
