"""What the parts of a running centre are made from: one value, handed to duties and to the API. Types only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from judge.knowledge.model import Knowledge
from server.config import Settings
from server.fleet.registry import Registry
from server.history.port import History
from server.ingest.mqtt import BrokerSettings
from server.state.database import Database
from server.watcher.refreshing import States


@dataclass(frozen=True, slots=True)
class Means:
    """`knowledge` is asked each time, it may be replaced; `now` gives Unix nanoseconds; `states` reads how agents and sites stand then.

    `broker` is the one in use, as the embedded one has a port and a password of its own. `metrics` is what `/metrics` shows.
    """

    settings: Settings
    database: Database
    history: History
    registry: Registry
    knowledge: Callable[[], Knowledge]
    now: Callable[[], int]
    states: Callable[[int], Awaitable[States]]
    broker: BrokerSettings | None = None
    metrics: CollectorRegistry | None = None
