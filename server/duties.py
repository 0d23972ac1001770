"""Which duties the active watcher has besides its inbox: one line each, from what the server has put together. Only wiring lives here."""

from collections.abc import Callable
from dataclasses import dataclass

from judge.knowledge.model import Knowledge
from server.config import Settings
from server.fleet.registry import Registry
from server.history.port import History
from server.state.database import Database
from server.watcher.leading import Duty


@dataclass(frozen=True, slots=True)
class Means:
    """What duties are made from. `knowledge` is asked each time, it may be replaced; `now` gives Unix nanoseconds."""

    settings: Settings
    database: Database
    history: History
    registry: Registry
    knowledge: Callable[[], Knowledge]
    now: Callable[[], int]


def duties_of(means: Means) -> list[Duty]:  # noqa: ARG001 - each duty takes from it what it needs
    """Return the duties of a configuration, in no order: each has a task of its own."""
    return []
