"""A stand-in centre: an embedded broker (MQTT 3.1.1) on loopback and a subscriber that keeps reports and answers receipts.

It does what design section 5 says a centre does, in the least code: no judge, no database. Tests bend it by its plain attributes.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from amqtt.broker import Broker
from gmqtt import Client, Subscription
from gmqtt.mqtt.constants import MQTTv311

from agent.receipts import merged
from wire import codec, topics
from wire.receipt import Receipt, Refusal
from wire.report import Report

for _noisy in ("amqtt", "transitions", "gmqtt"):
    logging.getLogger(_noisy).setLevel(logging.CRITICAL)

_ANONYMOUS = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


@dataclass
class Centre:
    """`stored` maps (stream, seq) to the report, `payloads` lists all that came. `rubbish` is sent before every receipt.

    `silent`: keeps no report and answers nothing.
    """

    port: int = 0
    silent: bool = False
    forked: set[str] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    stored: dict[tuple[str, int], Report] = field(default_factory=dict)
    payloads: list[tuple[str, int, int]] = field(default_factory=list)
    bodies: set[str] = field(default_factory=set)
    rubbish: list[bytes] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    _client: Any = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_message(self, _client: Client, topic: str, payload: bytes, *_: object) -> int:
        """Keep a report and answer it."""
        identity = topics.parse_report(topic)
        if identity is None:
            self.statuses.append(bytes(payload).decode())
        else:
            self.payloads.append((identity.stream, identity.seq, len(payload)))
            if not self.silent:
                answer = self._answer(codec.decode(bytes(payload)))
                for one in (*self.rubbish, answer.dump()):
                    self._client.publish(topics.receipt(identity.agent), one, qos=1)
        self._changed.set()
        return 0

    def _answer(self, report: Report) -> Receipt:
        if report.stream in self.forked:
            return Receipt(stream=report.stream, reset_stream=True)
        if report.seq in self.held:
            return self.receipt(report).model_copy(update={"held": [Refusal(seq=report.seq, reason="newer")]})
        self.bodies |= report.facts.keys() | report.certificates.keys()
        chains = [key for one in report.facts.values() for key in getattr(one, "chain", [])]
        needed = [one.facts for one in report.cycle.observations if one.kind != "raw"] + chains
        want = sorted(set(needed) - self.bodies)
        if not want:
            self.stored[report.stream, report.seq] = report
        return self.receipt(report).model_copy(update={"want": want})

    def receipt(self, report: Report) -> Receipt:
        """Return what is stored of a report's stream, with what its agent dropped."""
        mine = {seq: one for (stream, seq), one in self.stored.items() if stream == report.stream}
        ranges = merged([*((seq, seq) for seq in mine), *report.dropped])
        upto = ranges[0][1] if ranges and ranges[0][0] == 1 else 0
        also = ranges[1:] if upto else ranges
        ends = [mine[seq].digest if seq in mine else "" for seq in (upto, *(last for _, last in also))]
        return Receipt(stream=report.stream, upto=upto, also=also, ends=ends)

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait until `met()` is true; 20 s is far beyond anything here, so that a fault ends the test."""
        async with asyncio.timeout(20):
            while not met():
                self._changed.clear()
                await self._changed.wait()

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish as the centre."""
        self._client.publish(topic, payload, qos=1, retain=True)


@asynccontextmanager
async def running_broker(port: int = 0) -> AsyncIterator[Broker]:
    """Run an embedded broker on loopback; `port_of` says where."""
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 50}}, "plugins": _ANONYMOUS})
    await broker.start()
    port = port_of(broker)
    try:
        yield broker
    finally:
        await broker.shutdown()
        await hang_up(port)


async def hang_up(port: int) -> None:
    """Close what a server on `port` left open: amqtt, and asyncio before 3.12, leave accepted connections to the garbage collector.

    Its warning in the middle of pytest's own parsing breaks the interpreter's parser (SystemError, Python 3.11).
    """
    transports: Any = asyncio.get_running_loop()._transports  # type: ignore[attr-defined] # of a selector loop
    for transport in list(transports.values()):
        if (transport.get_extra_info("sockname") or ("", 0))[1] == port:
            transport.abort()
    for _ in range(3):  # connection_lost, then what waits for it
        await asyncio.sleep(0)


def port_of(broker: Broker) -> int:
    """Return the port an embedded broker listens on."""
    return int(broker._servers["default"].instance.sockets[0].getsockname()[1])


@asynccontextmanager
async def running_centre(port: int = 0, centre: Centre | None = None) -> AsyncIterator[Centre]:
    """Run broker and subscriber."""
    centre = centre or Centre()
    async with running_broker(port) as broker:
        centre.port = port_of(broker)
        client = Client("centre", clean_session=True)
        client.reconnect_retries = -2
        client.on_message = centre.on_message
        centre._client = client
        await client.connect("127.0.0.1", centre.port, version=MQTTv311)
        subscribed = asyncio.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        client.subscribe([Subscription(topics.REPORTS, qos=1), Subscription(topics.status("+"), qos=1)])
        await subscribed.wait()
        try:
            yield centre
        finally:
            await client.disconnect()
