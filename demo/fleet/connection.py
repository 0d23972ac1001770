"""The one connection of the whole simulated fleet: an agent's session, but by name and password or the fleet's certificate, without a will.

What gmqtt needs (a fresh client for each attempt, a window of unacknowledged messages, time limits) is `agent.mqtt.Session`'s.
"""

import secrets
import ssl
from collections.abc import Callable

from agent.config import Broker
from agent.mqtt import Session
from wire import topics

RECEIPTS = topics.receipt("+")
"""One subscription for all: a thousand would be looked through by the embedded broker for each message."""


class FleetSession(Session):
    """A session that may speak for all simulated agents."""

    def __init__(self, broker: Broker, login: tuple[str, str], *, tls: ssl.SSLContext | None, woken: Callable[[], None]) -> None:
        name = f"simulated-fleet-{secrets.token_hex(4)}"
        super().__init__(broker, name, tls=tls, will=(topics.status("sim-fleet"), b""), woken=woken)
        self._client._will_message = None  # noqa: SLF001 - the fleet has no status, and no right to write one
        if login[0]:
            self._client.set_auth_credentials(*login)


def agent_of(topic: str) -> str:
    """Return the agent a receipt's topic names; nothing for any other topic."""
    before, _, after = RECEIPTS.partition("+")
    return topic[len(before) : -len(after)] if topic.startswith(before) and topic.endswith(after) else ""
