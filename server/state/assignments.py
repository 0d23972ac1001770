"""Which site an agent's reports belong to: append-only rows, picked by measured time.

A point must get the same site however often it is written again. So an agent's context has a row before its first point is written, and a
row made later is valid only from a minute after it was made; the collector holds reports from further in the future than half of that.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.tables import agent, assignment, context

DELAY_NS = 60 * 10**9
UNASSIGNED = "unassigned"


class Sites:
    """The assignments of a few agents."""

    def __init__(self, rows: Mapping[tuple[str, str], list[tuple[int, str]]]) -> None:
        self._rows = {key: sorted(value) for key, value in rows.items()}

    def knows(self, agent_id: str, context_id: str) -> bool:
        """Return whether this agent has been given a place in this context."""
        return (agent_id, context_id) in self._rows

    def newest(self, agent_id: str) -> str:
        """Return the site this agent was last assigned to in any context: the best guess for a context not seen before."""
        mine = [rows[-1] for (owner, _), rows in self._rows.items() if owner == agent_id]
        return max(mine)[1] if mine else UNASSIGNED

    def site(self, agent_id: str, context_id: str, measured_ns: int) -> str:
        """Return the site that was valid at the measured time."""
        rows = self._rows[agent_id, context_id]
        return rows[max(0, bisect_right(rows, (measured_ns, chr(0x10FFFF))) - 1)][1]


async def load_sites(connection: AsyncConnection, agents: Collection[str]) -> Sites:
    """Return all assignments of these agents."""
    rows: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for row in await connection.execute(select(assignment).where(assignment.c.agent.in_(agents))):
        rows.setdefault((row.agent, row.context), []).append((row.valid_from_ns, row.site))
    return Sites(rows)


async def introduce(
    database: Database, connection: AsyncConnection, newcomers: Mapping[tuple[str, str], tuple[bytes, str]], now_ns: int
) -> None:
    """Give (agent, context) -> (context body, declared site) their first rows, valid for all time; existing rows stay as they are."""
    agents = [{"id": key, "first_seen_ns": now_ns} for key in sorted({agent_id for agent_id, _ in newcomers})]
    contexts = {context_id: body for (_, context_id), (body, _) in newcomers.items()}
    rows = [
        {"agent": agent_id, "context": context_id, "site": site or UNASSIGNED, "valid_from_ns": 0, "made_ns": now_ns}
        for (agent_id, context_id), (_, site) in sorted(newcomers.items())
    ]
    if rows:
        await connection.execute(database.insert_or_ignore(agent), agents)
        bodies = [{"id": key, "body": body, "first_seen_ns": now_ns} for key, body in sorted(contexts.items())]
        await connection.execute(database.insert_or_ignore(context), bodies)
        await connection.execute(database.insert_or_ignore(assignment), rows)


async def assign(database: Database, agent_id: str, site: str, now_ns: int) -> int:
    """Assign an agent to a site in all contexts it has been seen in; return from when (ns), or 0 when the agent is unknown."""
    valid_from_ns = now_ns + DELAY_NS
    async with database.writing() as connection:
        query = select(assignment.c.context).where(assignment.c.agent == agent_id).distinct()
        contexts = (await connection.scalars(query)).all()
        rows = [
            {"agent": agent_id, "context": key, "site": site, "valid_from_ns": valid_from_ns, "made_ns": now_ns} for key in sorted(contexts)
        ]
        if rows:
            await connection.execute(database.insert_or_ignore(assignment), rows)
    return valid_from_ns if rows else 0
