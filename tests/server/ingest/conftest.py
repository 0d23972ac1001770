"""One ingest under test, agents that speak MQTT to its broker, and ends that leave nothing open."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv50, MQTTv311

from server.ingest.mqtt import BrokerSettings, MqttIngest, close
from tests.fakes.loop import FakeLog

LONG_S = 20.0
"""Far beyond anything here on loopback, so that a fault ends the test instead of hanging it."""


@dataclass
class Seen:
    """What happened; `until` waits for it."""

    messages: list[tuple[str, bytes]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, topic: str, payload: bytes) -> None:
        """Keep a message."""
        self.messages.append((topic, payload))
        self.changed.set()

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait until `met()` is true."""
        async with asyncio.timeout(LONG_S):
            while not met():
                self.changed.clear()
                await self.changed.wait()


class Running:
    """An ingest at work. `states` holds each change of `connected`; `slept` each pause; `answer` is what `offer` returns."""

    def __init__(self, settings: BrokerSettings, seen: Seen) -> None:
        self.log = FakeLog()
        self.seen = seen
        self.took = 0
        self.states: list[float] = []
        self.slept: list[float] = []
        self.answer: Callable[[], asyncio.Future[None] | None] = lambda: None
        self.ingest = MqttIngest(settings, self.log, self._state, self._sleep)

    def _state(self, value: float) -> None:
        self.states.append(value)
        self.seen.changed.set()

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seen.changed.set()
        await asyncio.sleep(0.01)  # a broker that is gone must not take the whole loop

    def offer(self, topic: str, payload: bytes) -> asyncio.Future[None] | None:
        """Take a message as the collector does."""
        self.took += 1
        self.seen.note(topic, payload)
        return self.answer()

    async def up(self, times: int = 1) -> None:
        """Wait until it has connected so often."""
        await self.seen.until(lambda: self.states.count(1.0) >= times)

    async def said(self, words: str) -> str:
        """Wait for a log line with these words; return its sentence."""
        try:
            await self.seen.until(lambda: any(words in str(values.get("sentence")) for _, _, values in self.log.lines))
        except TimeoutError:
            raise AssertionError(f"{words!r} is not said in {self.log.lines}") from None
        return next(str(values["sentence"]) for _, _, values in self.log.lines if words in str(values.get("sentence")))


@asynccontextmanager
async def running(settings: BrokerSettings, seen: Seen | None = None) -> AsyncIterator[Running]:
    """Run an ingest until the block ends."""
    one = Running(settings, seen or Seen())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.ingest.run(one.offer), name="ingest")
        try:
            yield one
        finally:
            task.cancel()


@asynccontextmanager
async def client(settings: BrokerSettings, *topics: str) -> AsyncIterator[tuple[Client, Seen, list[int]]]:
    """Connect another client: give it, what it hears, and what the broker granted for each topic."""
    seen = Seen()
    granted: list[int] = []
    one = Client(settings.client_id, clean_session=True)
    one.set_config({"reconnect_retries": -2, "reconnect_delay": 0})
    if settings.username:
        one.set_auth_credentials(settings.username, settings.password)

    def on_message(_client: Client, topic: str, payload: bytes, *_rest: object) -> int:
        seen.note(topic, bytes(payload))
        return 0

    def on_subscribe(_client: Client, _mid: int, codes: tuple[int, ...], *_rest: object) -> None:
        granted.extend(codes)
        seen.changed.set()

    one.on_message, one.on_subscribe = on_message, on_subscribe
    version = MQTTv50 if settings.version == "5" else MQTTv311
    async with asyncio.timeout(LONG_S):
        await one.connect(settings.host, settings.port, ssl=settings.tls or False, version=version)
    for topic in topics:
        one.subscribe(topic, qos=1)
    await seen.until(lambda: len(granted) >= len(topics))
    try:
        yield one, seen, granted
    finally:
        await close(one)
