"""One session with a real broker: mutual TLS in both protocol versions, refusals, SIGKILL and SIGSTOP. The rest is in test_uplink.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.config import Agent, Broker, Settings, SpoolPlace, Version
from agent.mqtt import MAX_UNACKNOWLEDGED, Lost, Session
from agent.spool import Spool
from agent.uplink import Uplink, client_tls
from tests.fakes.centre import port_of, running_broker
from tests.servers.certificates import COLLECTOR
from tests.servers.mosquitto import Mosquitto
from wire import topics
from wire.receipt import Receipt

REPORT = topics.report("agent-01", "0" * 32, 1)


@dataclass
class Woken:
    """Counts calls and lets a test wait for what they mean."""

    event: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self) -> None:
        """Note one."""
        self.event.set()


def place(mosquitto: Mosquitto, name: str, version: Version = "5") -> Broker:
    """Return the settings by which `name` reaches the broker."""
    who = mosquitto.certificates.identity(name)
    ca = mosquitto.certificates.ca
    return Broker("127.0.0.1", mosquitto.port, version, ca=ca, certificate=who.certificate, key=who.key)


@asynccontextmanager
async def session(broker: Broker, name: str, *subscribed: str) -> AsyncIterator[tuple[Session, Woken]]:
    """Open a session and close it."""
    woken = Woken()
    one = Session(broker, name, tls=client_tls(broker), will=(topics.status(name), b"offline"), woken=woken)
    try:
        await one.open(subscribed)
        yield one, woken
    finally:
        await one.close()


async def arrived(one: Session, woken: Woken, count: int) -> list[tuple[str, bytes]]:
    """Wait for so many messages."""
    came: list[tuple[str, bytes]] = []
    async with asyncio.timeout(20):
        while len(came) < count:
            woken.event.clear()
            came += one.take()
            if len(came) < count:
                await woken.event.wait()
    return came


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_reports_and_receipts_over_mutual_tls(mosquitto: Mosquitto, tmp_path: Path, version: Version) -> None:
    """With the shipped broker configuration, in both protocol versions: a report reaches the collector, its receipt empties the spool."""
    mosquitto.forget()
    spool = Spool(tmp_path / "spool.sqlite", "agent-01", max_bytes=1 << 20)
    for number in range(30):
        spool.append(b'{"n":%d}' % number, created_ns=number + 1, facts={}, certificates={})
    settings = Settings(Agent("agent-01", tmp_path), SpoolPlace(tmp_path), place(mosquitto, "agent-01", version))
    uplink = Uplink(settings, spool)
    async with session(place(mosquitto, COLLECTOR), COLLECTOR, topics.REPORTS) as (collector, woken), asyncio.TaskGroup() as group:
        task = group.create_task(uplink.run(), name="uplink")
        seen: set[int] = set()
        while len(seen) < 30:
            for topic, _ in await arrived(collector, woken, 1):
                identity = topics.parse_report(topic)
                assert identity is not None
                seen.add(identity.seq)
                receipt = Receipt(stream=identity.stream, also=[(seq, seq) for seq in sorted(seen)])
                await collector.publish(topics.receipt("agent-01"), receipt.dump())
        async with asyncio.timeout(20):
            while spool.count:  # noqa: ASYNC110 - the uplink runs on this loop; there is nothing else to wait for
                await asyncio.sleep(0)
        task.cancel()
    assert seen == set(range(1, 31))
    spool.close()


async def test_a_refused_publish_is_noticed(mosquitto: Mosquitto) -> None:
    """MQTT 5 says that the access list forbids a publish; gmqtt alone takes it for accepted."""
    async with session(place(mosquitto, "agent-02"), "agent-02") as (one, woken):
        await one.publish(REPORT, b"x")
        async with asyncio.timeout(20):
            await woken.event.wait()
        assert one.refusal == 0x87


async def test_more_publishes_than_the_broker_takes_at_once(mosquitto: Mosquitto) -> None:
    """A hundred publishes in a row stay within the broker's window and all arrive."""
    mosquitto.forget()
    listening, speaking = session(place(mosquitto, COLLECTOR), COLLECTOR, topics.REPORTS), session(place(mosquitto, "agent-01"), "agent-01")
    async with listening as (collector, woken), speaking as (one, _):
        for number in range(100):
            await one.publish(topics.report("agent-01", "0" * 32, number + 1), b"x")
            assert len(one._client._persistent_storage._mids) <= MAX_UNACKNOWLEDGED
        assert len(await arrived(collector, woken, 100)) == 100


async def test_a_killed_broker_is_noticed(mosquitto: Mosquitto) -> None:
    """SIGKILL of the broker: the session is lost, publishing says so, and nothing reconnects behind our back."""
    async with session(place(mosquitto, "agent-01"), "agent-01") as (one, woken):
        mosquitto.kill()
        async with asyncio.timeout(20):
            await woken.event.wait()
        assert one.lost
        with pytest.raises(Lost):
            await one.publish(REPORT, b"x")
        assert one._client._connection.is_closing()


async def test_a_stopped_broker_does_not_hold_us(mosquitto: Mosquitto) -> None:
    """SIGSTOP with unacknowledged publishes: closing hangs up instead of waiting for ever."""
    async with session(place(mosquitto, "agent-01"), "agent-01") as (one, _):
        mosquitto.pause()
        try:
            for _number in range(MAX_UNACKNOWLEDGED):
                await one.publish(REPORT, b"x" * 60_000)
            async with asyncio.timeout(20):
                await one.close()
            await one.close()
        finally:
            mosquitto.resume()


async def test_the_last_will_is_published(mosquitto: Mosquitto) -> None:
    """When an agent's connection breaks without a goodbye, the broker says `offline` for it, and keeps saying so."""
    mosquitto.forget()
    listening, speaking = (
        session(place(mosquitto, COLLECTOR), COLLECTOR, topics.status("+")),
        session(place(mosquitto, "agent-01"), "agent-01"),
    )
    async with listening as (collector, woken), speaking as (one, _):
        one._client._connection._transport.abort()
        assert await arrived(collector, woken, 1) == [(topics.status("agent-01"), b"offline")]
    async with session(place(mosquitto, COLLECTOR), COLLECTOR, topics.status("+")) as (collector, woken):
        assert await arrived(collector, woken, 1) == [(topics.status("agent-01"), b"offline")]


async def test_a_flood_keeps_the_newest() -> None:
    """Messages nobody takes are bounded; the oldest go, for a receipt is given again."""
    async with running_broker() as broker:
        lab = Broker("127.0.0.1", port_of(broker), "3.1.1", tls=False)
        async with session(lab, "a") as (one, _):
            for number in range(1000):
                one._on_message(one._client, "t", b"%d" % number)
            taken = one.take()
    assert len(taken) == 256
    assert taken[-1] == ("t", b"999")
    assert one.take() == []


async def test_a_stop_at_the_moment_of_a_loss_is_a_stop() -> None:
    """Cancelled in the same turn in which the connection is lost, waiting ends as cancelled: an agent that was told to stop does."""
    one = Session(Broker("127.0.0.1", 9, "5", tls=False), "agent-01", tls=None, will=("w", b""), woken=lambda: None)
    coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one._unless_lost(coming), name="waiting")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        one._gone.set()
        await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()
