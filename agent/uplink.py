"""The uplink: spool to broker, receipts back to the spool. A supervisor with a fresh connection per attempt; TLS of its own.

The TLS context here always verifies the centre's private CA and has nothing in common with a probe's. What to send when is decided in
`agent/window.py`, what a receipt means in `agent/receipts.py`; here is only the loop between them, the broker and the clock.
"""

import asyncio
import contextlib
import logging
import random
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from agent.config import Broker, Settings
from agent.config_reader import ConfigError
from agent.mqtt import CLOSE_S, CONNECT_S, Lost, Refused, Session
from agent.spool import Spool, SpoolError
from agent.window import Window
from wire import topics
from wire.receipt import Receipt

log = logging.getLogger(__name__)

RETRY_FIRST_S = 1.0
RETRY_MAX_S = 30.0
"""Longer waits are the commonest complaint about other agents' MQTT (ten minutes there); shorter ones hammer a broker at its start."""
SILENT_S = 300.0
"""Connected, and no receipt for so long with reports in flight: by then each was sent four times. A socket alone proves nothing."""
NOT_AUTHORISED = 0x87
"""MQTT 5 section 3.4.2.1."""

Word = Literal["inspected", "refused", "unreachable"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no uplink: one word for `Health.uplink`, one sentence for a person."""

    word: Word
    sentence: str


def client_tls(broker: Broker) -> ssl.SSLContext | None:
    """Return the TLS context of the uplink, or None for mqtt:// in a laboratory. Raises ConfigError for files that cannot be used."""
    if not broker.tls or broker.ca is None or broker.certificate is None or broker.key is None:
        return None
    problems = [problem for name in ("ca", "certificate", "key") if (problem := _unreadable(name, getattr(broker, name)))]
    if problems:
        raise ConfigError(problems)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(broker.ca)
    except ssl.SSLError:
        problems.append(f"config: broker.ca: {broker.ca} holds no certificate; write the centre's CA certificate in PEM")
    try:
        context.load_cert_chain(broker.certificate, broker.key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or "it is encrypted"
        problems.append(
            f"config: broker.certificate: {broker.certificate} and broker.key {broker.key} cannot be used together ({reason}); "
            "write a PEM certificate and its own PEM key without a password"
        )
    if problems:
        raise ConfigError(problems)
    return context


def _no_password() -> str:
    raise ValueError("encrypted key")


def _unreadable(name: str, path: Path) -> str | None:
    try:
        path.open("rb").close()
    except OSError as error:
        return f"config: broker.{name}: {path} cannot be read ({error.strerror}); write the path of a file this user may read"
    return None


def explain(error: Exception, broker: Broker) -> Trouble:
    """Say why an attempt failed, and what to do."""
    place = f"{broker.host}:{broker.port}"
    match error:
        case ssl.SSLCertVerificationError():
            return _explain_certificate(error, place)
        case ssl.SSLError():
            told = f"TLS with {place} failed ({getattr(error, 'reason', None) or error}); check that broker.url names the TLS port"
        case Refused():
            told = f"the broker at {place} refuses this agent ({error}); check its certificate and the broker's access list"
        case Lost():
            told = f"{place} closed the connection before accepting it; it does not take broker.certificate, or not MQTT {broker.version}"
        case _:
            return Trouble("unreachable", f"uplink: {_unreachable(error, broker.host, place)}")
    return Trouble("refused", f"uplink: {told}")


def _unreachable(error: Exception, host: str, place: str) -> str:
    if isinstance(error, socket.gaierror):
        return f"the name {host} is not known; check broker.url and this machine's DNS"
    if isinstance(error, TimeoutError):
        return f"{place} did not answer within {CONNECT_S:g} s; check that the firewall lets this port out"
    return f"{place} cannot be reached ({getattr(error, 'strerror', None) or error}); check broker.url and that the broker runs"


def _explain_certificate(error: ssl.SSLCertVerificationError, place: str) -> Trouble:
    if error.verify_code == 10:  # X509_V_ERR_CERT_HAS_EXPIRED
        return Trouble("refused", f"uplink: the certificate of {place} has expired; renew the broker's, or set this machine's clock")
    if error.verify_code == 62:  # X509_V_ERR_HOSTNAME_MISMATCH
        return Trouble("refused", f"uplink: the certificate of {place} is for another name; write in broker.url the name it is for")
    return Trouble(
        "inspected",
        f"uplink: the certificate that answers at {place} is not signed by broker.ca ({error.verify_message}): the uplink is being "
        f"inspected, or broker.ca is wrong. Nothing was sent. Have {place} exempted from TLS inspection, or correct broker.ca",
    )


class Uplink:
    """Keeps the centre told. `run` never returns; everything else is called from the same loop."""

    def __init__(
        self,
        settings: Settings,
        spool: Spool,
        *,
        on_plan: Callable[[bytes], Awaitable[None]] | None = None,
        now: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.time_ns,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if settings.broker is None:
            raise ConfigError(['config: broker.url: is missing; write url = "mqtts://centre.example:8883"'])
        self._broker = settings.broker
        self._tls = client_tls(settings.broker)
        self._spool = spool
        self._on_plan = on_plan
        self._now, self._now_ns, self._pause, self._chance = now, now_ns, pause, chance
        self._window = Window(limit=settings.uplink.window, resend_s=settings.uplink.resend_s, jitter=chance)
        self._window.load(spool.pending())
        self._wake = asyncio.Event()
        self._retry_s = RETRY_FIRST_S
        self._trouble: Trouble | None = None
        self._since_report: Trouble | None = None
        self._told = False
        self._receipts_unreadable = False
        self._heard = now()
        self._ahead_ns: int | None = None

    def added(self, seq: int | None, dropped: tuple[int, ...] = ()) -> None:
        """Take note of a report just spooled, and of those that had to make room for it."""
        self._window.drop(dropped)
        if seq is not None:
            self._window.add(seq)
        self._wake.set()

    def changed(self) -> None:
        """Offer held reports again: there is a new plan or new software."""
        self._window.release()
        self._wake.set()

    def take_trouble(self) -> str:
        """Return what kept us from the centre since this was last asked: a word for `Health.uplink`."""
        trouble = self._trouble or self._since_report
        self._since_report = None
        return trouble.word if trouble else ""

    def take_clock_offset(self) -> float | None:
        """Return by how many milliseconds our clock is ahead of the centre's, by the quickest receipt since this was last asked.

        What the receipt took to get here is in it, so of several the least is nearest the truth; None without a receipt.
        """
        ahead_ns, self._ahead_ns = self._ahead_ns, None
        return None if ahead_ns is None else round(ahead_ns / 1e6, 1)

    async def run(self) -> None:
        """Connect, serve, and connect again, for ever."""
        while True:
            await self._attempt()
            wait = self._retry_s * (1 + self._chance()) / 2
            self._retry_s = min(self._retry_s * 2, RETRY_MAX_S)
            await self._pause(wait)

    async def _attempt(self) -> None:
        status = topics.status(self._spool.agent)
        client_id = f"{self._spool.agent}-{self._spool.stream[:8]}"
        session = Session(self._broker, client_id, tls=self._tls, will=(status, b"offline"), woken=self._wake.set)
        opened = False
        try:
            await session.open([topics.receipt(self._spool.agent), topics.plan(self._spool.agent)])
            opened = True
            await session.publish(status, b"online", retain=True)
            await self._serve(session)
        except (OSError, TimeoutError, Refused) as error:
            if not opened:
                self._state(explain(error, self._broker))
            else:
                self._state(
                    Trouble("unreachable", f"uplink: the connection to {self._broker.host}:{self._broker.port} was lost; trying again")
                )
        finally:
            self._window.offline()
            if opened and not session.lost:
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(CLOSE_S):
                        await session.publish(status, b"offline", retain=True)
            await session.close()

    async def _serve(self, session: Session) -> None:
        """Send what is due and take what comes, until the connection is lost."""
        self._state(None)
        self._heard = self._now()
        self._window.online(self._heard)
        while not session.lost:
            self._wake.clear()
            for topic, payload in session.take():
                await self._take(topic, payload)
            if session.refusal is not None:
                self._state(self._explain_refusal(session.refusal))
                session.refusal = None
            elif self._window.in_flight and self._now() - self._heard > SILENT_S:
                self._state(self._explain_silence())
            for seq in self._window.due(self._now()):
                await self._send(session, seq)
            await self._sleep()
        raise Lost("the broker closed the connection")

    async def _sleep(self) -> None:
        """Wait until something happens or is due."""
        following = self._window.next_due(self._now())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if following is None else max(0.0, following - self._now())):
                await self._wake.wait()

    async def _send(self, session: Session, seq: int) -> None:
        payload = self._spool.payload(seq)
        if payload is None:
            self._window.drop([seq])
            return
        await session.publish(topics.report(self._spool.agent, self._spool.stream, seq), payload)

    async def _take(self, topic: str, payload: bytes) -> None:
        if topic == topics.plan(self._spool.agent):
            if self._on_plan is not None and payload:
                await self._on_plan(payload)
            return
        try:
            receipt = Receipt.model_validate_json(payload)
        except ValidationError:
            if not self._receipts_unreadable:
                log.warning("uplink: a receipt is not readable; reports stay in the spool until one is. Is the centre older or newer?")
            self._receipts_unreadable = True
            return
        self._receipts_unreadable = False
        if receipt.now_ns:
            ahead_ns = self._now_ns() - receipt.now_ns
            self._ahead_ns = ahead_ns if self._ahead_ns is None else min(self._ahead_ns, ahead_ns)
        self._apply(receipt)

    def _apply(self, receipt: Receipt) -> None:
        try:
            applied = self._spool.apply(receipt)
            if applied is None:
                return
            if applied.forked:
                numbers = self._spool.reset_stream()
                log.warning(
                    "uplink: the centre knows this spool from another copy of it; %d unreceipted reports go on as a new stream",
                    len(numbers),
                )
                self._window.restart(numbers)
                return
        except SpoolError as error:
            log.warning("spool: a receipt could not be applied (%s); it will be given again", error)
            return
        for refusal in applied.quarantined:
            log.error("uplink: the centre could not read report %d and put it into quarantine: %s", refusal.seq, refusal.reason)
        for refusal in receipt.held:
            log.warning("uplink: the centre cannot take report %d yet: %s", refusal.seq, refusal.reason)
        now = self._heard = self._now()
        self._retry_s = RETRY_FIRST_S  # a receipt proves the whole way there and back; a connection alone does not
        if self._trouble is not None and applied.done:
            self._state(None)
        self._window.settle(applied.done, now)
        self._window.hold(applied.held, now)
        self._window.want(applied.again, now)

    def _explain_refusal(self, code: int) -> Trouble:
        agent = self._spool.agent
        what = "not authorised" if code == NOT_AUTHORISED else f"reason code 0x{code:02x}"
        return Trouble("refused", f"uplink: the broker refuses reports ({what}); allow agent {agent} to write mw/v1/agent/{agent}/#")

    def _explain_silence(self) -> Trouble:
        place = f"{self._broker.host}:{self._broker.port}"
        told = f"the broker at {place} takes reports, but the centre has receipted none for {SILENT_S / 60:.0f} min"
        return Trouble("unreachable", f"uplink: {told}; check that the collector runs, and the broker's access list")

    def _state(self, trouble: Trouble | None) -> None:
        """Log the change, not the attempt."""
        if trouble is not None:
            self._since_report = trouble
        if self._told and trouble == self._trouble:
            return
        self._told = True
        if trouble is None:
            log.info("uplink: connected to %s:%d, %d reports to send", self._broker.host, self._broker.port, self._spool.count)
        else:
            log.warning("%s; reports are kept (%d so far)", trouble.sentence, self._spool.count)
        self._trouble = trouble
