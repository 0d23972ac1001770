"""The centre's present picture as rows: agents, what their current runs say, how complete their streams are. Reads only.

Each is one grouped statement, whatever the size of the fleet, and none reads the ledger: what is missing stands in the heads of the
streams.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent as of its newest report, measured at `latest_ns` (Unix ns) at `place`."""

    id: str
    place: str
    latest_ns: int
    cadence_s: float
    lab: bool
    software: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many targets of one agent, where it is now, share a verdict and a device key, and since when the first of them does."""

    place: str
    agent: str
    verdict: str
    device_key: str
    hosts: int
    first_ns: int
    newest_ns: int
    """When the last of them began."""


@dataclass(frozen=True, slots=True)
class Counts:
    """An hour's worth of an agent's report numbers, the newest: how many there are, and what became of them.

    A number nobody has heard of yet is not expected. What is neither stored, missing nor dropped is in quarantine.
    """

    expected: int = 0
    stored: int = 0
    missing: int = 0
    dropped: int = 0


async def agents(connection: AsyncConnection) -> list[AgentRow]:
    """Return all agents a report was stored of, by id."""
    raise NotImplementedError


async def tallies(connection: AsyncConnection, ignored: Collection[str] = ()) -> list[Tally]:
    """Return what the current runs say where each agent is now, without the targets (`host:port`) that are `ignored`."""
    raise NotImplementedError


async def counts(connection: AsyncConnection, now_ns: int) -> dict[str, Counts]:
    """Return the completeness of each agent heard of in the last hour."""
    raise NotImplementedError
