"""An embedded broker for the demo and for trials: amqtt on loopback, MQTT 3.1.1, with our own access rules.

Not for production: no persistence, no limits on its queues, and an agent is whoever its client id says. It may publish its own
reports and status, and read its own receipts and plan; only the collector, by password, may do more. amqtt's own password plugin
hashes for 128 ms on the loop (measured), hence the small plugin here.
"""

import contextlib
import hmac
import logging
import re
from dataclasses import dataclass
from typing import Any

from amqtt.broker import Broker as AmqttBroker
from amqtt.contexts import Action
from amqtt.errors import BrokerError
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin

from wire.topics import PREFIX

COLLECTOR = "collector"
_AGENT = re.compile("[a-z0-9][a-z0-9-]{0,62}")

for noisy in ("amqtt", "transitions"):
    logging.getLogger(noisy).setLevel(logging.CRITICAL)  # thousands of lines at a shutdown (measured)


class BrokerUnavailable(Exception):  # noqa: N818 - a state, not a mistake
    """The embedded broker could not start; the text says why and what to do."""


class Login(BaseAuthPlugin):  # type: ignore[misc] # amqtt has no types
    """The collector needs the password of this run; agents on this machine need none."""

    @dataclass
    class Config:
        """Options of the plugin."""

        password: str

    async def authenticate(self, *, session: Any) -> bool:  # noqa: ANN401 - amqtt's session
        """Return whether this session may connect."""
        if session.username != COLLECTOR:
            return not session.will_flag or allowed(
                str(session.client_id), str(session.will_topic), Action.PUBLISH
            )  # amqtt asks nobody later
        return hmac.compare_digest(str(session.password or "").encode(), self.config.password.encode())


class OwnTopics(BaseTopicPlugin):  # type: ignore[misc] # amqtt has no types
    """The same rules as `deploy/mosquitto/acl`."""

    async def topic_filtering(self, *, session: Any = None, topic: str | None = None, action: Action | None = None) -> bool:  # noqa: ANN401
        """Return whether this user may do this on this topic."""
        if session is None or session.username == COLLECTOR:
            return session is not None
        return allowed(str(session.client_id), topic or "", action)


def allowed(client_id: str, topic: str, action: Action | None) -> bool:
    """Return whether an agent may do this on this topic. Its client id is its agent id, a dash, and the first of its stream."""
    agent = client_id.rpartition("-")[0]
    own = f"{PREFIX}/agent/{agent}/"
    if not _AGENT.fullmatch(agent) or not topic.startswith(own):  # an agent `+` would be everybody
        return False
    rest = topic.removeprefix(own)
    if action == Action.PUBLISH:
        return rest.startswith("report/") or rest == "status"
    return rest in {"receipt", "plan"}


class _Subscriptions(dict[str, Any]):
    """amqtt walks its subscriptions while it waits for others; one that comes meanwhile would end the walk, and lose the message."""

    def items(self) -> Any:  # noqa: ANN401 - amqtt's own pairs
        """Return the pairs of this moment."""
        return list(super().items())


class EmbeddedBroker:
    """One amqtt broker; `start` returns the port it really has."""

    def __init__(self, host: str, port: int, password: str) -> None:
        self._host, self._port, self._password = host, port, password
        self._broker: AmqttBroker | None = None

    async def start(self) -> int:
        """Listen. Raises BrokerUnavailable."""
        config: dict[str, Any] = {
            "listeners": {"default": {"type": "tcp", "bind": f"{self._host}:{self._port}", "max_connections": 500}},
            "plugins": {"server.ingest.broker.Login": {"password": self._password}, "server.ingest.broker.OwnTopics": {}},
        }
        broker = AmqttBroker(config)
        broker._subscriptions = _Subscriptions()  # noqa: SLF001 - see there
        try:
            await broker.start()
        except (BrokerError, OSError) as error:
            cause = error.__cause__ or error
            raise BrokerUnavailable(
                f"broker: {self._host}:{self._port} cannot be opened ({cause}); set broker.url to a free port"
            ) from None
        self._broker = broker
        return int(broker._servers["default"].instance.sockets[0].getsockname()[1])  # noqa: SLF001 - the only way to learn the port

    async def stop(self) -> None:
        """Close all connections and the port."""
        if self._broker is not None:
            with contextlib.suppress(Exception):  # whatever state it is in, the process ends
                await self._broker.shutdown()
