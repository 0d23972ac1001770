"""Holds server/notify/mqtt.py: a letter is its JSON on the topic of its event's kind."""

import json

from server.ingest.broker import COLLECTOR, EmbeddedBroker
from server.ingest.mqtt import BrokerSettings
from server.notify.channel import Parcel
from server.notify.mqtt import Mqtt
from tests.fakes.centre import hang_up
from tests.server.ingest.conftest import client


async def test_a_letter_on_its_topic() -> None:
    """By kind, and by what it is when it is of no event; a broker that is gone is a trouble."""
    broker = EmbeddedBroker("127.0.0.1", 0, "secret")
    port = await broker.start()
    settings = BrokerSettings("127.0.0.1", port, "3.1.1", "collector-0", username=COLLECTOR, password="secret")
    async with client(settings, "mw/v1/event/+") as (_, heard, _granted):
        channel = Mqtt(settings)
        for plain in ({"key": "k1", "kind": "site-down", "what": "opened"}, {"key": "k2", "what": "test"}):
            assert (await channel.send(Parcel(plain["key"], "s", "t", plain))).trouble == ""
        await heard.until(lambda: len(heard.messages) == 2)
    assert [(topic, json.loads(payload)["key"]) for topic, payload in heard.messages] == [
        ("mw/v1/event/site-down", "k1"),
        ("mw/v1/event/test", "k2"),
    ]
    await broker.stop()
    await hang_up(port)
    assert (await channel.send(Parcel("k", "s", "t", {"what": "test"}))).trouble.startswith(f"broker 127.0.0.1:{port}: ")
    await channel.close()
