"""One message to the broker, acknowledged: a connection of its own for each, closed after. For what is rare and must arrive, as events.

gmqtt takes a refused PUBACK for a good one and waits for ever on a lost connection (docs/decisions/003-mqtt-client.md): both are held here.
"""

import asyncio
import struct
from dataclasses import dataclass
from typing import Any

from gmqtt import Client
from gmqtt.mqtt.handler import MQTTConnectError

from server.ingest.mqtt import BrokerSettings, close

PUBLISH_SECONDS = 15.0
"""From the first byte to the PUBACK; a broker that is well takes milliseconds, and a letter's claim is 60 s."""
REFUSED = 0x80
"""Reason codes from here on are refusals (MQTT 5, section 3.4.2.1)."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes under a client id beside the collector's own, with its rights."""

    broker: BrokerSettings
    suffix: str

    async def publish(self, topic: str, payload: bytes) -> str:
        """Publish at QoS 1 and wait for the acknowledgement; return what went wrong, or nothing."""
        where = f"broker {self.broker.host}:{self.broker.port}"
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                refusal = await self._publish(topic, payload)
        except TimeoutError:
            return f"{where}: no acknowledgement within {PUBLISH_SECONDS:g} s"
        except MQTTConnectError as error:
            return f"{where}: it refuses us: {error}; check broker.username and its access list"
        except (OSError, ValueError, _Lost) as error:
            return f"{where}: {getattr(error, 'strerror', None) or type(error).__name__.strip('_')}; check broker.url and that it runs"
        return f"{where}: it refuses {topic} (reason {refusal:#x}); check its access list" if refusal >= REFUSED else ""

    async def _publish(self, topic: str, payload: bytes) -> int:
        settings = self.broker
        gone: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        client = Client(f"{settings.client_id}-{self.suffix}", clean_session=True)
        client.set_config({"reconnect_retries": -2, "reconnect_delay": 0})
        if settings.username:
            client.set_auth_credentials(settings.username, settings.password)

        def lost(*_: object) -> None:
            if not gone.done():
                gone.set_exception(_Lost())

        client.on_disconnect = lost
        version = 5 if settings.version == "5" else 4
        try:
            await client.connect(settings.host, settings.port, ssl=settings.tls or False, keepalive=30, version=version)
            handler: Any = client._package_handler  # noqa: SLF001 - gmqtt ignores reason codes of a PUBACK

            def acknowledged(_command: int, packet: bytes) -> None:
                handler.id_generator.free_id(struct.unpack_from("!H", packet)[0])
                if not gone.done():
                    gone.set_result(packet[2] if len(packet) > 2 else 0)

            handler._handle_puback_packet = acknowledged  # noqa: SLF001 - as above
            client.publish(topic, payload, qos=1)
            return await gone
        finally:
            await _close(client, gone)


class _Lost(Exception):  # noqa: N818 - what happened
    """The broker closed the connection."""


async def _close(client: Client, gone: "asyncio.Future[int]") -> None:
    if gone.done() and not gone.cancelled():
        gone.exception()  # looked at, so that nobody warns of it
    await close(client)
