"""The uplink on real sockets: an embedded broker on loopback, a TLS front before it, and a stand-in centre that answers receipts."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.config import Agent, Broker, Settings, SpoolPlace
from agent.config import Uplink as UplinkSettings
from agent.config_reader import ConfigError
from agent.mqtt import Lost, Refused
from agent.spool import Applied, Spool
from agent.uplink import Uplink, client_tls, explain
from tests.fakes.centre import Centre, port_of, running_broker, running_centre
from tests.fakes.tls_front import Authority, tls_front
from wire import topics
from wire.codec import content_id, facts_bytes
from wire.facts import WebFacts
from wire.observation import WebObservation
from wire.receipt import Receipt
from wire.report import Cycle
from wire.target import Target

TARGET = Target(host="outlook.office365.com", category="Optimize", workload="Exchange")
PLACE = Broker("centre.example", 8883, "5")


class WatchedSpool(Spool):
    """A spool a test can wait for."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "lyon-1", max_bytes=1 << 20)
        self._applied = asyncio.Event()

    def apply(self, receipt: Receipt) -> Applied | None:
        """Apply, and let `until` look again."""
        applied = super().apply(receipt)
        self._applied.set()
        return applied

    async def until(self, pending: list[int]) -> None:
        """Wait until exactly these are not receipted; 20 s is far beyond anything here, so that a fault ends the test."""
        async with asyncio.timeout(20):
            while self.pending() != pending:
                self._applied.clear()
                await self._applied.wait()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[WatchedSpool]:
    """Give a fresh spool."""
    one = WatchedSpool(tmp_path / "spool.sqlite")
    yield one
    one.close()


def make(spool: Spool, count: int = 1, chain: tuple[bytes, ...] = ()) -> list[int]:
    """Append reports with facts and a chain."""
    made = []
    for _ in range(count):
        facts = facts_bytes(WebFacts(target=TARGET, chain=[content_id(der) for der in chain]))
        created = spool.created_ns(0)
        seen = WebObservation(kind="web", facts=content_id(facts), at_us=0)
        cycle = Cycle(started_ns=created, created_ns=created, cadence_s=60, observations=[seen])
        bodies = {content_id(der): der for der in chain}
        made.append(spool.append(cycle.dump(), created_ns=created, facts={content_id(facts): facts}, certificates=bodies).seq or 0)
    return made


def settings(port: int, authority: Authority | None = None) -> Settings:
    """Return settings for a broker on loopback: a laboratory's without TLS, or with the files of an authority."""
    place = Broker("127.0.0.1", port, "3.1.1", tls=False)
    if authority is not None:
        place = replace(place, tls=True, ca=authority.ca_file, certificate=authority.certificate, key=authority.key)
    return Settings(Agent("lyon-1", Path()), SpoolPlace(Path()), place, UplinkSettings())


@asynccontextmanager
async def running(uplink: Uplink) -> AsyncIterator[None]:
    """Run an uplink beside a test, and stop it as the agent does."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(uplink.run(), name="uplink")
        try:
            yield
        finally:
            task.cancel()


async def test_reports_are_receipted_and_leave_the_spool(spool: WatchedSpool) -> None:
    """A backlog of 40 and one live report arrive once each, in a window, and the spool is empty after the receipts."""
    make(spool, 40, chain=(b"leaf", b"root"))
    async with running_centre() as centre:
        uplink = Uplink(settings(centre.port), spool)
        async with running(uplink):
            await centre.until(lambda: len(centre.stored) == 40)
            uplink.added(make(spool)[0])
            await centre.until(lambda: len(centre.stored) == 41)
            await spool.until([])
            assert centre.statuses == ["online"]
            assert uplink.take_trouble() == ""
        await centre.until(lambda: centre.statuses == ["online", "offline"])
    assert {seq for _, seq in centre.stored} == set(range(1, 42))
    assert len(centre.payloads) == 41
    sizes = {seq: size for _, seq, size in centre.payloads}
    assert sizes[40] < sizes[1]


async def test_wanted_bodies_are_sent_at_once(spool: WatchedSpool) -> None:
    """A centre that lost its facts gets the report again with bodies, without waiting for the resend time."""
    make(spool, 1, chain=(b"leaf",))
    async with running_centre() as centre:
        uplink = Uplink(settings(centre.port), spool)
        async with running(uplink):
            await spool.until([])
            centre.bodies.clear()
            uplink.added(make(spool, 1, chain=(b"leaf",))[0])
            await centre.until(lambda: len(centre.stored) == 2)
    assert [seq for _, seq, _ in centre.payloads] == [1, 2, 2, 2]  # once for the facts, then for the certificates they name


async def test_unreceipted_reports_come_again_on_reconnect(spool: WatchedSpool, caplog: pytest.LogCaptureFixture) -> None:
    """The broker dies with reports in flight; after its return they are sent again at once, by a fresh connection."""
    make(spool, 3)
    first, second, back = Centre(silent=True), Centre(), asyncio.Event()

    async def pause(_seconds: float) -> None:
        await back.wait()

    with caplog.at_level(logging.INFO):
        async with asyncio.TaskGroup() as group:
            async with running_centre(centre=first):
                uplink = Uplink(settings(first.port), spool, pause=pause)
                task = group.create_task(uplink.run(), name="uplink")
                await first.until(lambda: len(first.payloads) == 3)
            async with running_centre(first.port, second):
                back.set()
                await spool.until([])
                task.cancel()
    assert {seq for _, seq in second.stored} == {1, 2, 3}
    assert uplink.take_trouble() == "unreachable"
    assert uplink.take_trouble() == ""
    assert sum("connected to" in line for line in caplog.messages) == 2


async def test_a_silent_centre_is_told(spool: WatchedSpool, caplog: pytest.LogCaptureFixture) -> None:
    """A broker that takes reports is no proof of a centre: after five minutes without a receipt that is said, until the next."""
    seconds = 0.0
    make(spool)
    async with running_centre() as centre:
        centre.silent = True
        uplink = Uplink(settings(centre.port), spool, now=lambda: seconds)
        async with running(uplink):
            await centre.until(lambda: len(centre.payloads) == 1)
            seconds = 301.0
            uplink.added(make(spool)[0])
            await centre.until(lambda: len(centre.payloads) == 3)
            assert uplink.take_trouble() == "unreachable"
            centre.silent = False
            uplink.added(make(spool)[0])
            seconds = 600.0
            await spool.until([])
            assert uplink.take_trouble() == "unreachable"  # it was, since the report before
            assert uplink.take_trouble() == ""
    assert "takes reports, but the centre has receipted none for 5 min" in caplog.text


async def test_a_forked_stream_goes_on_as_a_new_one(spool: WatchedSpool, caplog: pytest.LogCaptureFixture) -> None:
    """Told to reset, the agent renumbers what is unreceipted into a new stream, and all of it is stored."""
    make(spool, 3)
    old = spool.stream
    async with running_centre() as centre:
        centre.forked.add(old)
        async with running(Uplink(settings(centre.port), spool)):
            await centre.until(lambda: len(centre.stored) == 3)
            await spool.until([])
    assert set(centre.stored) == {(spool.stream, seq) for seq in (1, 2, 3)}
    assert spool.stream != old
    assert "go on as a new stream" in caplog.text


async def test_held_reports_are_offered_again_after_a_change(spool: WatchedSpool) -> None:
    """A held report waits, others pass, and a new plan offers it again."""
    make(spool, 2)
    async with running_centre() as centre:
        centre.held.add(1)
        uplink = Uplink(settings(centre.port), spool)
        async with running(uplink):
            await centre.until(lambda: len(centre.stored) == 1 and len(centre.payloads) == 2)
            await spool.until([1])
            centre.held.clear()
            uplink.changed()
            await spool.until([])


async def test_rubbish_receipts_are_survived(spool: WatchedSpool, caplog: pytest.LogCaptureFixture) -> None:
    """What is no receipt is said once and ignored; a retained plan is handed on."""
    plans: list[bytes] = []

    async def on_plan(payload: bytes) -> None:
        plans.append(payload)

    async with running_centre() as centre:
        centre.publish(topics.plan("lyon-1"), b"a plan")
        centre.rubbish = [b"{", b"[]"]
        make(spool)
        async with running(Uplink(settings(centre.port), spool, on_plan=on_plan)):
            await spool.until([])
    assert plans == [b"a plan"]
    assert caplog.text.count("is not readable") == 1


async def test_mutual_tls_carries_reports(spool: WatchedSpool, tmp_path: Path) -> None:
    """With the right CA on both sides a report arrives over mutual TLS."""
    make(spool)
    own = Authority(tmp_path / "own")
    async with running_centre() as centre, tls_front(own.server_context(own.ca), centre.port, bytearray()) as port:
        uplink = Uplink(settings(port, own), spool)
        async with running(uplink):
            await spool.until([])


async def one_attempt(spool: Spool, chosen: Settings, caplog: pytest.LogCaptureFixture) -> tuple[str, str]:
    """Let the uplink fail once and return its word and what it logged."""
    failed = asyncio.Event()

    async def pause(_seconds: float) -> None:
        failed.set()
        await asyncio.sleep(0)

    uplink = Uplink(chosen, spool, pause=pause)
    with caplog.at_level(logging.INFO):
        async with running(uplink), asyncio.timeout(20):
            await failed.wait()
    return uplink.take_trouble(), caplog.text


async def test_an_inspected_uplink_says_so_and_sends_nothing(spool: WatchedSpool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Before a proxy that mints certificates the uplink stops in the handshake, sends not one byte, and says why in words."""
    make(spool)
    own, proxy = Authority(tmp_path / "own"), Authority(tmp_path / "proxy")
    read = bytearray()
    async with running_broker() as broker:
        context = proxy.server_context(own.ca)
        context.verify_mode = ssl.CERT_NONE
        async with tls_front(context, port_of(broker), read) as port:
            word, told = await one_attempt(spool, settings(port, own), caplog)
    assert (word, bytes(read)) == ("inspected", b"")
    assert "the uplink is being inspected, or broker.ca is wrong. Nothing was sent." in told
    assert spool.count == 1


async def test_a_certificate_the_broker_refuses_is_told(spool: WatchedSpool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """TLS 1.3 refuses a client certificate after the handshake, where gmqtt would hang; the uplink says so."""
    own, other = Authority(tmp_path / "own"), Authority(tmp_path / "other")
    async with running_broker() as broker, tls_front(own.server_context(other.ca), port_of(broker), bytearray()) as port:
        word, told = await one_attempt(spool, settings(port, own), caplog)
    assert word == "refused"
    assert "broker.certificate" in told or "TLS with" in told


async def test_nobody_there_is_told_once(spool: WatchedSpool, caplog: pytest.LogCaptureFixture) -> None:
    """With nobody listening the state is logged once, however often it is tried."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    tries = 0
    enough = asyncio.Event()

    async def pause(_seconds: float) -> None:
        nonlocal tries
        tries += 1
        if tries == 4:
            enough.set()
        await asyncio.sleep(0)

    async with running(Uplink(settings(port), spool, pause=pause)), asyncio.timeout(20):
        await enough.wait()
    assert caplog.text.count("cannot be reached") == 1


def test_back_off_is_capped_and_jittered(spool: WatchedSpool) -> None:
    """Waits between attempts double from half a second to at most 30 s."""
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 8:
            raise KeyboardInterrupt

    async def refuse() -> None:
        return None

    uplink = Uplink(settings(1), spool, pause=pause, chance=lambda: 0.0)
    uplink._attempt = refuse  # type: ignore[method-assign] # the attempt itself is not under test
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(uplink.run())
    assert waits == [0.5, 1, 2, 4, 8, 15, 15, 15]


@pytest.mark.parametrize(
    ("error", "word", "told"),
    [
        (socket.gaierror(-2, "no"), "unreachable", "the name centre.example is not known"),
        (TimeoutError(), "unreachable", "did not answer within 10 s"),
        (ConnectionRefusedError(111, "Connection refused"), "unreachable", "cannot be reached (Connection refused)"),
        (Refused("code 135 (Not authorized)"), "refused", "refuses this agent (code 135 (Not authorized))"),
        (Lost("gone"), "refused", "it does not take broker.certificate, or not MQTT 5"),
        (ssl.SSLError(1, "[SSL] wrong version number"), "refused", "TLS with centre.example:8883 failed"),
    ],
)
def test_every_failure_has_a_sentence(error: Exception, word: str, told: str) -> None:
    """What failed, where, and what to do, for each way an attempt can fail."""
    trouble = explain(error, PLACE)
    assert trouble.word == word
    assert told in trouble.sentence
    assert "; " in trouble.sentence


@pytest.mark.parametrize(
    ("code", "word", "told"), [(10, "refused", "has expired"), (62, "refused", "for another name"), (20, "inspected", "not signed")]
)
def test_certificate_failures_are_told_apart(code: int, word: str, told: str) -> None:
    """Expired, another name, and another signer are three sentences; only the last one may be inspection."""
    error = ssl.SSLCertVerificationError(1, "failed")
    error.verify_code, error.verify_message = code, "why"
    assert (explain(error, PLACE).word, told in explain(error, PLACE).sentence) == (word, True)


def test_files_of_the_uplink_are_checked_at_the_start(tmp_path: Path) -> None:
    """Missing files, a CA without certificate, and a key of another certificate are each one sentence."""
    own, other = Authority(tmp_path / "own"), Authority(tmp_path / "other")
    good = replace(PLACE, ca=own.ca_file, certificate=own.certificate, key=own.key)
    assert client_tls(good) is not None
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for bad, told in (
        (replace(good, ca=tmp_path / "none", key=tmp_path / "none"), "config: broker.key: "),
        (replace(good, ca=empty), "config: broker.ca: "),
        (replace(good, key=other.key), "config: broker.certificate: "),
    ):
        with pytest.raises(ConfigError) as caught:
            client_tls(bad)
        assert told in str(caught.value)
        assert "; write " in str(caught.value)


def test_a_laboratory_needs_no_tls() -> None:
    """mqtt:// has no TLS context."""
    assert client_tls(Broker("h", 1883, "5", tls=False)) is None


async def test_the_clocks_difference_is_the_quickest_receipts(spool: WatchedSpool) -> None:
    """Of the receipts since it was last asked the least difference counts; without one nothing is known."""
    make(spool, 1)
    async with running_centre() as centre:
        uplink = Uplink(settings(centre.port), spool, now_ns=lambda: 5_000_000_000)
        for now_ns in (4_000_000_000, 4_960_000_000, 4_900_000_000):
            await uplink._take(topics.receipt("lyon-1"), Receipt(stream=spool.stream, now_ns=now_ns).dump())
    assert uplink.take_clock_offset() == 40.0
    assert uplink.take_clock_offset() is None
