"""MQTT ingest: connects, hands over, answers, comes back; and when it cannot, it says why in one sentence, once."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import trustme

from server.ingest import mqtt
from server.ingest.broker import COLLECTOR as EMBEDDED
from server.ingest.broker import EmbeddedBroker
from server.ingest.mqtt import BrokerSettings, MqttIngest
from tests.fakes.centre import hang_up
from tests.fakes.loop import FakeLog
from tests.fakes.places import listening
from tests.server.ingest.conftest import Seen, client, running
from tests.servers.certificates import COLLECTOR, Certificates
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port
from wire import topics
from wire.receipt import Receipt, Refusal

STREAM = "0" * 32
REPORT = topics.report("agent-01", STREAM, 1)


@pytest.fixture
async def broker() -> AsyncIterator[EmbeddedBroker]:
    """Give a running embedded broker; its `port` may be stopped and started again."""
    embedded = EmbeddedBroker("127.0.0.1", 0, "secret")
    embedded._port = await embedded.start()
    yield embedded
    await embedded.stop()
    await hang_up(embedded._port)


def to(embedded: EmbeddedBroker) -> BrokerSettings:
    """Return the collector's settings for the embedded broker."""
    return BrokerSettings("127.0.0.1", embedded._port, "3.1.1", acknowledge="arrival", username=EMBEDDED, password="secret")


def agent(settings: BrokerSettings, name: str = "agent-01") -> BrokerSettings:
    """Return an agent's settings for the same broker."""
    return replace(settings, client_id=f"{name}-0000", username="", password="")


async def test_reports_arrive_and_receipts_go_out(broker: EmbeddedBroker) -> None:
    """Both ways over the embedded broker; connected is told once."""
    async with running(to(broker)) as one:
        await one.up()
        async with client(agent(to(broker)), topics.receipt("agent-01")) as (speaker, told, _):
            speaker.publish(REPORT, b"report", qos=1)
            await one.seen.until(lambda: bool(one.seen.messages))
            receipt = Receipt(stream=STREAM, upto=1)
            await one.ingest.receipt("agent-01", receipt)
            await told.until(lambda: bool(told.messages))
    assert one.seen.messages == [(REPORT, b"report")]
    assert told.messages == [(topics.receipt("agent-01"), receipt.dump())]
    assert one.log.events() == [("info", "broker_connected")]
    assert one.states == [1.0, 0.0]


async def test_a_broker_that_stops_and_starts_again_is_found_again(broker: EmbeddedBroker) -> None:
    """Lost, refused, back: a fresh client each time, one line each change, and reports arrive again."""
    async with running(to(broker)) as one:
        await one.up()
        await broker.stop()
        await one.said("connection refused")
        assert one.ingest.sentence.endswith("check broker.url and that the broker runs")
        await broker.start()
        await one.up(2)
        assert one.ingest.sentence == ""
        async with client(agent(to(broker))) as (speaker, _, _granted):
            speaker.publish(REPORT, b"again", qos=1)
            await one.seen.until(lambda: bool(one.seen.messages))
    assert [event for _, event in one.log.events()] == [
        "broker_connected",
        "broker_unavailable",
        "broker_unavailable",
        "broker_connected",
    ]
    assert "connection lost" in one.log.lines[1][2]["sentence"]
    assert 0.1 <= one.slept[0] <= 0.5


async def test_pauses_grow_to_half_a_minute() -> None:
    """Doubling with jitter while nobody answers: between a tenth of a second and the present bound."""
    async with running(BrokerSettings("127.0.0.1", free_port())) as one:
        await one.seen.until(lambda: len(one.slept) >= 10)
    assert all(0.1 <= pause <= min(2**number, 30.0) for number, pause in enumerate(one.slept))
    assert one.log.events() == [("warning", "broker_unavailable")]


async def test_a_receipt_while_there_is_no_broker_is_let_go() -> None:
    """It may be lost: the agent asks again by sending again."""
    await MqttIngest(BrokerSettings("127.0.0.1", 1), FakeLog()).receipt("agent-01", Receipt(stream=STREAM))


async def test_wrong_password(broker: EmbeddedBroker) -> None:
    """The sentence names where to look."""
    async with running(replace(to(broker), password="wrong")) as one:
        sentence = await one.said("refuses us")
    assert "check broker.username and the broker's access list" in sentence


async def test_a_subscription_that_is_refused_is_no_connection(broker: EmbeddedBroker) -> None:
    """An agent's client id may not read reports: a collector that would wait for ever says so instead."""
    async with running(agent(to(broker))) as one:
        sentence = await one.said("does not let us read reports")
        assert one.states.count(1.0) == 0
    assert sentence.endswith("check broker.username and the broker's access list")


ANSWERS = [
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no answer within"),
    (b"\x20\x02\x00\x05", "it refuses us: code 5"),
    (b"\x20\x03\x00\x87\x00", "it refuses us: code 135"),
    (b"\x20\x01\x00", "no answer within"),
    (b"\x20\x06\x00\x00\x03\xff\xff\xff", "it refuses us: code 10"),
    (b"", "it closed the connection before it took us"),
    (b"\x20\x03\x00\x00\x00", "no answer within"),
]


@pytest.mark.parametrize(("answer", "words"), ANSWERS)
async def test_what_is_no_broker_gets_a_sentence(monkeypatch: pytest.MonkeyPatch, answer: bytes, words: str) -> None:
    """A web server, garbage, a refusal, a close, a broker that never acknowledges the subscription: within the limit, and no exception."""
    monkeypatch.setattr(mqtt, "CONNECT_SECONDS", 0.3)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(answer)
        if answer:
            await reader.read()

    async with listening(serve) as port, running(BrokerSettings("127.0.0.1", port)) as one:
        sentence = await one.said(words)
    assert sentence.startswith(f"broker 127.0.0.1:{port}: ")
    assert "; check" in sentence


async def test_a_host_that_no_resolver_can_spell() -> None:
    """A label of seventy letters is a sentence, not the end of the server."""
    async with running(BrokerSettings("a" * 70 + ".example", 1883)) as one:
        assert (await one.said("UnicodeError")).endswith("; check broker.url")


async def test_a_server_of_another_authority(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Somebody in between, or the wrong broker.ca: named by its certificate, and nothing is sent."""
    came: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read())

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    ours = Certificates(tmp_path_factory.mktemp("ours"))
    async with listening(serve, context) as port, running(BrokerSettings("127.0.0.1", port, tls=tls(ours))) as one:
        sentence = await one.said("its certificate is not from broker.ca")
    assert sentence.endswith("check broker.ca, or who sits in between")
    assert came == []


def tls(certificates: Certificates, name: str = COLLECTOR, of: Certificates | None = None) -> ssl.SSLContext:
    """Return a context that trusts one authority and shows a certificate of the same or another."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificates.ca)
    who = (of or certificates).identity(name)
    context.load_cert_chain(who.certificate, who.key)
    return context


def real(mosquitto: Mosquitto, name: str = COLLECTOR, **options: object) -> BrokerSettings:
    """Return how somebody reaches the real broker."""
    settings = BrokerSettings("127.0.0.1", mosquitto.port, client_id=name, tls=tls(mosquitto.certificates, name))
    return replace(settings, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("acknowledge", ["stored", "arrival"])
async def test_mutual_tls_in_both_versions_and_both_acknowledgements(mosquitto: Mosquitto, version: str, acknowledge: str) -> None:
    """Reports in, receipts out, with the shipped access list."""
    mosquitto.forget()
    async with running(real(mosquitto, version=version, acknowledge=acknowledge)) as one:
        await one.up()
        async with client(real(mosquitto, "agent-01", version=version), topics.receipt("agent-01")) as (speaker, told, granted):
            speaker.publish(REPORT, b"report", qos=1)
            await one.seen.until(lambda: bool(one.seen.messages))
            await one.ingest.receipt("agent-01", Receipt(stream=STREAM, upto=1))
            await told.until(lambda: bool(told.messages))
    assert granted == [1]
    assert one.seen.messages == [(REPORT, b"report")]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_what_was_not_stored_is_offered_again(mosquitto: Mosquitto, version: str) -> None:
    """Acknowledged after storing: a collector that dies before gets the report again; one that died after does not."""
    mosquitto.forget()
    stored = real(mosquitto, version=version)
    hang: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with running(stored) as one:
        one.answer = lambda: hang
        await one.up()
        async with client(real(mosquitto, "agent-01")) as (speaker, _, _granted):
            speaker.publish(REPORT, b"report", qos=1)
            await one.seen.until(lambda: bool(one.seen.messages))
    async with running(stored) as again:
        await again.seen.until(lambda: bool(again.seen.messages))
    assert again.seen.messages == [(REPORT, b"report")]
    hang.cancel()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_collectors_share_the_reports(mosquitto: Mosquitto, version: str) -> None:
    """A shared subscription: each report reaches one of two, and both get some."""
    mosquitto.forget()
    one_of_two = real(mosquitto, share="collectors", version=version)
    both = Seen()
    async with running(replace(one_of_two, client_id="c-1"), both) as one, running(replace(one_of_two, client_id="c-2"), both) as two:
        await one.up()
        await two.up()
        async with client(real(mosquitto, "agent-01")) as (speaker, _, _granted):
            for seq in range(1, 21):
                speaker.publish(topics.report("agent-01", STREAM, seq), b"report", qos=1)
            await both.until(lambda: len(both.messages) >= 20)
    assert sorted(both.messages) == sorted((topics.report("agent-01", STREAM, seq), b"report") for seq in range(1, 21))
    assert (one.took + two.took, one.took > 0, two.took > 0) == (20, True, True)


async def test_a_killed_broker_is_found_again(mosquitto: Mosquitto) -> None:
    """SIGKILL and a start on the same port."""
    mosquitto.forget()
    async with running(real(mosquitto)) as one:
        await one.up()
        mosquitto.kill()
        await one.said("connection lost")
        mosquitto.start()
        await one.up(2)
        async with client(real(mosquitto, "agent-01")) as (speaker, _, _granted):
            speaker.publish(REPORT, b"report", qos=1)
            await one.seen.until(lambda: bool(one.seen.messages))


async def test_wrong_certificates_are_told_within_the_limit(mosquitto: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Wrong CA, a certificate of another authority, no certificate, no TLS: each its own sentence."""
    others = Certificates(tmp_path_factory.mktemp("others"))
    none = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    none.load_verify_locations(mosquitto.certificates.ca)
    files = "check that broker.certificate is from the broker's own CA"
    async with asyncio.timeout(mqtt.CONNECT_SECONDS):
        for settings, words in (
            (real(mosquitto, tls=tls(others)), "check broker.ca, or who sits in between"),
            (real(mosquitto, tls=tls(mosquitto.certificates, of=others)), files),
            (real(mosquitto, tls=none), files),
            (real(mosquitto, tls=None), "check that broker.url names an MQTT port"),
        ):
            async with running(settings) as one:
                await one.said(words)


async def test_a_stopped_broker_does_not_keep_us(mosquitto: Mosquitto) -> None:
    """SIGSTOP with a full buffer: cancelling ends the ingest all the same, and leaves no task."""
    tasks = asyncio.all_tasks()
    try:
        async with asyncio.timeout(mqtt.CONNECT_SECONDS), running(real(mosquitto)) as one:
            await one.up()
            mosquitto.pause()
            fill = Receipt(stream="0" * 32, quarantined=[Refusal(seq=seq, reason="x" * 256) for seq in range(1, 1001)])
            for _ in range(100):  # 28 MB; loopback's buffers take 6
                await one.ingest.receipt("agent-01", fill)
        async with asyncio.timeout(mqtt.CONNECT_SECONDS):
            while asyncio.all_tasks() - tasks:  # noqa: ASYNC110 - gmqtt's own hear of the abort a few turns of the loop later
                await asyncio.sleep(0)
    finally:
        mosquitto.resume()


async def test_plans_go_out_retained(broker: EmbeddedBroker) -> None:
    """An agent that comes later hears its plan; without a connection nothing is promised; each connection has its own number."""
    async with running(to(broker)) as one:
        assert (one.ingest.session, one.ingest.plan("agent-01", b"plan")) == (0, False)
        await one.up()
        assert (one.ingest.session, one.ingest.plan("agent-01", b"plan")) == (1, True)
        async with client(agent(to(broker)), topics.plan("agent-01")) as (_, told, _granted):
            await told.until(lambda: bool(told.messages))
    assert told.messages == [(topics.plan("agent-01"), b"plan")]
    assert one.ingest.session == 0
