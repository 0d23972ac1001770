"""Reports from, receipts and plans to, an MQTT broker: 3.1.1 or 5, mutual TLS, shared subscription, a fresh client for each attempt.

gmqtt's own reconnecting is off: after one refusal it never tries again, it leaks packet ids after a lost session, and `connect` has no
time limit (all measured; docs/decisions/003-mqtt-client.md). Nothing here is needed for correctness: agents resend what is not receipted.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from gmqtt import Client
from gmqtt.mqtt.handler import MQTTConnectError

from wire import topics
from wire.receipt import Receipt

CONNECT_SECONDS = 10.0
"""Close before CONNACK and a refused client certificate both hang for ever in gmqtt (measured): this ends them."""
LONGEST_PAUSE_S = 30.0
SESSION_SECONDS = 3600
"""How long the broker keeps our queue while we are away; agents resend anyway, this saves them the wait."""
RECEIVE_MAXIMUM = 1000

T = TypeVar("T")
Offer = Callable[[str, bytes], "asyncio.Future[None] | None"]

logging.getLogger("gmqtt").setLevel(logging.CRITICAL)  # it logs tracebacks for ordinary disconnects; we log our own sentence


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where the broker is and how to speak to it. `acknowledge`: after storing, or on arrival (then the broker's window is no brake)."""

    host: str
    port: int
    version: Literal["3.1.1", "5"] = "5"
    client_id: str = "collector-0"
    share: str = ""
    acknowledge: Literal["stored", "arrival"] = "stored"
    tls: ssl.SSLContext | None = None
    username: str = ""
    password: str = ""


class MqttIngest:
    """One connection to one broker, kept up for ever."""

    def __init__(
        self,
        settings: BrokerSettings,
        log: Any,  # noqa: ANN401 - structlog's bound logger has no useful type
        connected: Callable[[float], None] = lambda _: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._offer: Offer = _nobody
        self._log = log
        self._connected = connected
        self._sleep = sleep
        self._client: Client | None = None
        self._sessions = 0
        self.sentence = "not connected yet"

    async def run(self, offer: Offer) -> None:
        """Hand every message to `offer`; stay connected, come back with a jittered pause of at most 30 s. Ends by cancellation only."""
        self._offer = offer
        pause = 0.5
        while True:
            try:
                was_up = await self._session()
            except (OSError, ValueError, Closed, NotAllowed, MQTTConnectError) as error:  # ValueError: a host no resolver can spell
                was_up = False
                self._say(_sentence(self._settings, error))
            pause = 0.5 if was_up else min(pause * 2, LONGEST_PAUSE_S)
            await self._sleep(random.uniform(0.1, pause))  # noqa: S311 - jitter

    async def _session(self) -> bool:
        """Live through one connection; return True when it had been up."""
        lost = asyncio.Event()
        subscribed: asyncio.Future[Sequence[int]] = asyncio.get_running_loop().create_future()
        settings = self._settings
        version = 5 if settings.version == "5" else 4
        extra = {"session_expiry_interval": SESSION_SECONDS, "receive_maximum": RECEIVE_MAXIMUM} if version == 5 else {}
        client = Client(settings.client_id, clean_session=False, optimistic_acknowledgement=settings.acknowledge == "arrival", **extra)
        client.set_config({"reconnect_retries": -2, "reconnect_delay": 0})
        if settings.username:
            client.set_auth_credentials(settings.username, settings.password)
        client.on_message = self._on_stored if settings.acknowledge == "stored" else self._on_arrival
        client.on_disconnect = lambda *_: lost.set()
        client.on_subscribe = lambda _client, _mid, granted, _properties: subscribed.set_result(granted)
        try:
            await self._connect(client, lost, version)
            client.subscribe(f"$share/{settings.share}/{topics.REPORTS}" if settings.share else topics.REPORTS, qos=1)
            async with asyncio.timeout(CONNECT_SECONDS):
                granted = await _unless(lost, subscribed, "at the subscription")
            if max(granted, default=0x80) >= 0x80:
                raise NotAllowed
            self._client = client
            self._sessions += 1
            self._connected(1.0)
            self._say("")
            await lost.wait()
            self._say(f"broker {settings.host}:{settings.port}: connection lost; trying again")
            return True
        finally:
            self._client = None
            self._connected(0.0)
            await close(client)

    async def _connect(self, client: Client, lost: asyncio.Event, version: int) -> None:
        settings = self._settings
        connecting = client.connect(settings.host, settings.port, ssl=settings.tls or False, keepalive=30, version=version)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await _unless(lost, connecting, "before it took us")
        except Closed:
            client._package_handler.propagate_error()  # noqa: SLF001 - a refusal and the close behind it may come in one read
            raise

    async def _on_stored(self, _client: Client, topic: str, payload: bytes, _qos: int, _properties: object) -> int:
        done = self._offer(topic, bytes(payload))
        if done is not None:
            await done
        return 0

    def _on_arrival(self, _client: Client, topic: str, payload: bytes, _qos: int, _properties: object) -> int:
        self._offer(topic, bytes(payload))
        return 0

    async def receipt(self, agent: str, receipt: Receipt) -> None:
        """Publish a receipt at QoS 0: a lost one is asked for again by the resent report, and QoS 1 would need a window of its own."""
        client = self._client
        if client is not None and client.is_connected:
            client.publish(topics.receipt(agent), receipt.dump(), qos=0)

    @property
    def session(self) -> int:
        """Return the number of this connection, counted from 1; 0 while there is none."""
        return self._sessions if self._client is not None else 0

    def plan(self, agent: str, envelope: bytes) -> bool:
        """Publish an agent's plan at QoS 1, retained; return whether there was a connection.

        What is not acknowledged when the connection ends is published again over the next one, from the rows.
        """
        client = self._client
        if client is None or not client.is_connected:
            return False
        client.publish(topics.plan(agent), envelope, qos=1, retain=True)
        return True

    def _say(self, sentence: str) -> None:
        """Log a change of state, once."""
        if sentence == self.sentence:
            return
        if sentence:
            self._log.warning("broker_unavailable", sentence=sentence, meaning="nothing is lost: agents keep what is not receipted")
        else:
            self._log.info("broker_connected", broker=f"{self._settings.host}:{self._settings.port}")
        self.sentence = sentence


def _nobody(_topic: str, _payload: bytes) -> None:
    """Take nothing: not running yet."""


class Closed(Exception):  # noqa: N818 - what the broker did
    """The broker closed the connection; the text says when."""


class NotAllowed(Exception):  # noqa: N818 - what the broker did
    """The broker took us and refused the subscription."""


async def _unless(lost: asyncio.Event, work: Awaitable[T], when: str) -> T:
    """Return what `work` gives; raise Closed when the connection is lost before."""

    async def wait() -> T:
        return await work

    async def watch() -> None:
        await lost.wait()
        raise Closed(when)

    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch(), name="mqtt-lost")
            result = await group.create_task(wait(), name="mqtt-wait")
            watching.cancel()
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return result


async def close(client: Client) -> None:
    """Disconnect within a second, or cut: gmqtt's disconnect hangs on a stopped broker with a full buffer (measured)."""
    connection = getattr(client, "_connection", None)
    if connection is None:
        return
    try:
        async with asyncio.timeout(1):
            await client.disconnect()
    except Exception:  # noqa: BLE001 - whatever it says, the connection goes
        transport = getattr(connection, "_transport", None)
        if transport is not None:
            transport.abort()


def _sentence(settings: BrokerSettings, error: Exception) -> str:
    """Return where, what, and what to do. The order matters: most of these are OSErrors."""
    files = "check that broker.certificate is from the broker's own CA, and that broker.url names its TLS port"
    plain = "check that broker.url names an MQTT port, and broker.version"
    rights = "check broker.username and the broker's access list"
    match error:
        case ssl.SSLCertVerificationError():
            what = f"its certificate is not from broker.ca ({error.verify_message}); check broker.ca, or who sits in between"
        case ssl.SSLError():
            what = f"TLS fails ({error.reason or error}); {files}"
        case TimeoutError():
            what = f"no answer within {CONNECT_SECONDS:g} s; check that it runs, and broker.certificate if it does"
        case ConnectionRefusedError():
            what = "connection refused; check broker.url and that the broker runs"
        case MQTTConnectError():
            what = f"it refuses us: {error}; {rights}"
        case NotAllowed():
            what = f"it does not let us read reports; {rights}"
        case Closed():
            what = f"it closed the connection {error}; {files if settings.tls else plain}"
        case _:
            what = f"{type(error).__name__}: {error}"[:200] + "; check broker.url"
    return f"broker {settings.host}:{settings.port}: {what}"
