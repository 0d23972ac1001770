"""One connection to the broker through gmqtt, with its traps fenced off. Bytes out, bytes in; what they mean is not known here.

gmqtt 0.8 (all measured): a lost client leaks message ids for ever, so a Session is used once; built-in reconnect makes zombies, so it is
off; connect has no time limit; refused publishes look accepted; publish raises at the broker's window; disconnect can hang.
`docs/decisions/003-mqtt-client.md` has the whole list.
"""

import asyncio
import logging
import ssl
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from gmqtt import Client
from gmqtt import Message as MqttMessage
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError
from gmqtt.storage import PersistentStorage

from agent.config import Broker

logging.getLogger("gmqtt").setLevel(logging.CRITICAL)  # it logs tracebacks for a lost connection; we say it in a sentence

CONNECT_S = 10.0
"""From the first SYN to the SUBACK: a satellite link needs two seconds for all of it."""
PUBACK_S = 30.0
"""A broker that acknowledges nothing for so long is not there, whatever the socket says."""
CLOSE_S = 1.0
"""disconnect() hangs for ever on a stopped broker with a full buffer (measured)."""
KEEPALIVE_S = 20
"""A dead link is found in 40 s, before the second resend."""
MAX_UNACKNOWLEDGED = 10
"""mosquitto offers 20 and the twentieth publish raises (measured); ten are enough for a window of 16."""
MAX_QUEUED_MESSAGES = 256
"""Receipts wait here while we publish. More is a flood: the oldest goes, a receipt is given again."""

_VERSIONS = {"5": MQTTv50, "3.1.1": MQTTv311}


class Refused(Exception):  # noqa: N818 - a state of the broker, not a mistake
    """The broker answered and does not want us; the text says what."""


class Lost(ConnectionError):  # noqa: N818 - a state of the connection, not a mistake
    """The connection went away."""


class _Slots(PersistentStorage):  # type: ignore[misc] # gmqtt has no types
    """Stands where gmqtt keeps unacknowledged messages: counts them, keeps none. The spool sends again, not gmqtt."""

    def __init__(self, freed: Callable[[], None]) -> None:
        super().__init__()
        self._mids: set[int] = set()
        self._freed = freed

    def push_message(self, mid: int, raw_package: bytes) -> None:  # noqa: ARG002 - gmqtt's signature
        self._mids.add(mid)

    def remove_message_by_mid(self, mid: int) -> None:
        if mid in self._mids:
            self._mids.remove(mid)
            self._freed()


class Session:
    """One connection, used once: `open`, `publish`, `take`, `close`. `woken` is called when a message came or the connection went."""

    def __init__(
        self, broker: Broker, client_id: str, *, tls: ssl.SSLContext | None, will: tuple[str, bytes], woken: Callable[[], None]
    ) -> None:
        self._broker = broker
        self._tls = tls
        self._woken = woken
        self._messages: deque[tuple[str, bytes]] = deque(maxlen=MAX_QUEUED_MESSAGES)
        self._gone = asyncio.Event()
        self._free = asyncio.Semaphore(0)
        self._granted: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()
        self.refusal: int | None = None
        """Reason code (MQTT 5, section 3.4.2.1) of the last publish the broker refused. MQTT 3.1.1 has no such answer."""
        self._client = Client(
            client_id,
            clean_session=True,
            will_message=MqttMessage(will[0], will[1], qos=1, retain=True),
            persistent_storage=_Slots(self._free.release),
        )
        self._client.reconnect_retries = -2  # 0 still allows one attempt, which nobody can stop (measured)
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        handler: Any = self._client._package_handler  # noqa: SLF001 - gmqtt ignores reason codes of a PUBACK
        handler._handle_puback_packet = self._on_puback  # noqa: SLF001 - as above
        self._handler = handler

    @property
    def lost(self) -> bool:
        """Return whether the connection is gone."""
        return self._gone.is_set()

    async def open(self, topics: Sequence[str]) -> None:
        """Connect and subscribe. Raises Refused, Lost, TimeoutError, or the OSError (ssl.SSLError included) of connecting."""
        version = _VERSIONS[self._broker.version]
        place = (self._broker.host, self._broker.port)
        async with asyncio.timeout(CONNECT_S):
            try:
                await self._unless_lost(self._client.connect(*place, ssl=self._tls or False, keepalive=KEEPALIVE_S, version=version))
            except MQTTConnectError as error:
                raise Refused(str(error)) from None
            for topic in topics:
                self._granted = asyncio.get_running_loop().create_future()
                self._client.subscribe(topic, qos=1)
                if max(await self._unless_lost(self._granted)) >= 0x80:  # MQTT 3.1.1 section 3.9.3, MQTT 5 section 3.9.3
                    raise Refused(f"not allowed to subscribe to {topic}")
        offered = self._handler.properties.get("receive_maximum")
        room = min(offered[0] - 2 if offered else MAX_UNACKNOWLEDGED, MAX_UNACKNOWLEDGED)
        for _ in range(max(room, 1)):
            self._free.release()

    async def _unless_lost(self, coming: Awaitable[Any]) -> Any:  # noqa: ANN401 - whatever `coming` gives
        """Await, but not beyond the connection's end: gmqtt would wait for ever."""
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._raise_when_lost(), name="uplink: connection watch")
                result = await coming
                watch.cancel()
        except BaseExceptionGroup as several:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # a group of Python 3.11 forgets it when something failed at the same moment
                raise asyncio.CancelledError from None
            raise several.exceptions[0] from None
        return result

    async def _raise_when_lost(self) -> None:
        await self._gone.wait()
        raise Lost("the broker closed the connection")

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand one message to the broker at QoS 1, waiting while too many are unacknowledged. Raises Lost or TimeoutError."""
        async with asyncio.timeout(PUBACK_S):
            await self._free.acquire()
        if self.lost:
            self._free.release()  # for the next one that waits
            raise Lost("the broker closed the connection")
        self._client.publish(topic, payload, qos=1, retain=retain)

    def take(self) -> list[tuple[str, bytes]]:
        """Return what arrived since this was last called, as (topic, payload), oldest first."""
        taken = list(self._messages)
        self._messages.clear()
        return taken

    async def close(self) -> None:
        """Say goodbye within a second, else hang up. The last will is then the broker's to publish."""
        connection, self._client._connection = self._client._connection, None  # noqa: SLF001 - gmqtt gives no way to hang up
        if connection is None:
            return
        try:
            async with asyncio.timeout(CLOSE_S):
                if not self.lost:
                    connection.send_disconnect(reason_code=0)
                await connection.close()
        except (OSError, TimeoutError):
            pass
        finally:
            connection._transport.abort()  # noqa: SLF001 - as above

    def _on_message(self, _client: Client, topic: str, payload: bytes, *_: object) -> int:
        self._messages.append((topic, bytes(payload)))
        self._woken()
        return 0

    def _on_disconnect(self, *_: object) -> None:
        self._gone.set()
        self._free.release()
        self._woken()

    def _on_subscribe(self, _client: Client, _mid: int, granted: tuple[int, ...], _properties: object) -> None:
        if not self._granted.done():
            self._granted.set_result(granted)

    def _on_puback(self, _command: int, packet: bytes) -> None:
        mid = struct.unpack_from("!H", packet)[0]
        self._handler.id_generator.free_id(mid)
        self._client._persistent_storage.remove_message_by_mid(mid)  # noqa: SLF001 - what gmqtt's own handler does
        if len(packet) > 2 and packet[2] >= 0x80:
            self.refusal = packet[2]
            self._woken()
