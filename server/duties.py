"""Which duties the active watcher has besides its inbox: one line each, from what the server has put together. Only wiring lives here."""

from server.means import Means
from server.watcher.leading import Duty


def duties_of(means: Means) -> list[Duty]:  # noqa: ARG001 - each duty takes from it what it needs
    """Return the duties of a configuration, in no order: each has a task of its own."""
    return []
