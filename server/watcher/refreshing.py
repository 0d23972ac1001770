"""Reads how agents and sites stand, and writes it to the history: at once when it changed, else every `refresh_s`.

State points are derived and written again, so they go without outbox (docs/decisions/008-states-are-written-again.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from judge.knowledge.model import Knowledge
from server.fleet.registry import Registry
from server.history.port import History
from server.state.database import Database
from server.watcher.states import AgentState, Measured, SiteState


@dataclass(frozen=True, slots=True)
class States:
    """How all agents and sites stand at one moment. `vendors` names the owner of each device key at a site."""

    agents: Sequence[AgentState]
    sites: Sequence[SiteState]
    vendors: Mapping[str, str] = field(default_factory=dict)


async def read_states(
    database: Database, history: History | None, registry: Registry, knowledge: Knowledge, now_ns: int, measured: Measured | None
) -> States:
    """Return how agents and sites stand. Without `measured` the history is asked; without both nothing measured is known.

    Raises one of STATE_FAULTS; Unavailable only when the history is asked.
    """
    raise NotImplementedError


async def measure(history: History, now_ns: int, reach_s: float = 3600.0) -> Measured:
    """Return the newest measurements not older than `reach_s`. Dear: asked at most every few seconds. Raises Unavailable."""
    raise NotImplementedError
