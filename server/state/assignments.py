"""Which site an agent's reports belong to: append-only rows, picked by measured time.

A point must get the same site however often it is written again. So an agent's context has a row before its first point is written, and a
row made later is valid only from a minute after it was made; the collector holds reports from further in the future than half of that.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.fleet.entries import UNASSIGNED
from server.fleet.placing import latest_site
from server.state.database import Database
from server.state.sites_tables import placing
from server.state.tables import agent, assignment, context

DELAY_NS = 60 * 10**9
NO_EGRESS: Mapping[tuple[str, str], str] = {}


class Sites:
    """The assignments of a few agents."""

    def __init__(
        self, rows: Mapping[tuple[str, str], list[tuple[int, str]]], made: Mapping[str, list[tuple[int, str]]] | None = None
    ) -> None:
        """Take (valid from, site) by agent and context, and (row's number, site) by agent."""
        self._rows = {key: sorted(value) for key, value in rows.items()}
        self._made = made or {}

    def knows(self, agent_id: str, context_id: str) -> bool:
        """Return whether this agent has been given a place in this context."""
        return (agent_id, context_id) in self._rows

    def earlier(self, agent_id: str) -> str:
        """Return the site this agent was last assigned to in any context, empty when it was at none: being away is no site."""
        return latest_site(self._made.get(agent_id, ()))

    def site(self, agent_id: str, context_id: str, measured_ns: int) -> str:
        """Return the site that was valid at the measured time."""
        rows = self._rows[agent_id, context_id]
        return rows[max(0, bisect_right(rows, (measured_ns, chr(0x10FFFF))) - 1)][1]


async def load_sites(connection: AsyncConnection, agents: Collection[str]) -> Sites:
    """Return all assignments of these agents."""
    rows: dict[tuple[str, str], list[tuple[int, str]]] = {}
    made: dict[str, list[tuple[int, str]]] = {}
    for row in await connection.execute(select(assignment).where(assignment.c.agent.in_(agents))):
        rows.setdefault((row.agent, row.context), []).append((row.valid_from_ns, row.site))
        made.setdefault(row.agent, []).append((row.id, row.site))
    return Sites(rows, made)


async def introduce(
    database: Database,
    connection: AsyncConnection,
    newcomers: Mapping[tuple[str, str], tuple[bytes, str]],
    now_ns: int,
    egress: Mapping[tuple[str, str], str] = NO_EGRESS,
) -> None:
    """Give (agent, context) -> (context body, place) their first rows, valid for all time; existing rows stay as they are.

    `egress`: the public address each was seen with, as far as it is known.
    """
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
        seen = [{"agent": key[0], "context": key[1], "egress": egress.get(key, "")[:45], "by_hand": ""} for key in sorted(newcomers)]
        await connection.execute(database.insert_or_ignore(placing), seen)


async def assign(database: Database, agent_id: str, site: str, now_ns: int, by: str = "somebody") -> int:
    """Assign an agent to a site in all contexts it has been seen in; return from when (ns), or 0 when the agent is unknown.

    What a person assigned no rule moves again; contexts not seen before are placed by the rules.
    """
    async with database.writing() as connection:
        query = select(assignment.c.context).where(assignment.c.agent == agent_id).distinct()
        keys = [(agent_id, key) for key in sorted((await connection.scalars(query)).all())]
        valid_from_ns = await move(database, connection, dict.fromkeys(keys, site), now_ns)
        if keys:
            nobody = [{"agent": agent_id, "context": key, "egress": "", "by_hand": ""} for _, key in keys]
            await connection.execute(database.insert_or_ignore(placing), nobody)
            await connection.execute(update(placing).where(placing.c.agent == agent_id).values(by_hand=by[:128]))
    return valid_from_ns if keys else 0


async def move(database: Database, connection: AsyncConnection, moves: Mapping[tuple[str, str], str], now_ns: int) -> int:
    """Give (agent, context) -> place new rows, valid from a minute from now; return from when (ns)."""
    valid_from_ns = now_ns + DELAY_NS
    rows = [
        {"agent": agent_id, "context": key, "site": site, "valid_from_ns": valid_from_ns, "made_ns": now_ns}
        for (agent_id, key), site in sorted(moves.items())
    ]
    if rows:
        await connection.execute(database.insert_or_ignore(assignment), rows)
    return valid_from_ns


@dataclass(frozen=True, slots=True)
class Seen:
    """One context of one agent: its body, where it was placed last, and what else decides that. `earlier`: the agent's last site."""

    agent: str
    context: str
    body: bytes
    place: str
    earlier: str
    egress: str
    by_hand: str


async def seen_after(connection: AsyncConnection, agent_id: str, limit: int) -> tuple[list[Seen], str]:
    """Return all contexts of the next `limit` agents by id, and the last of these agents; an empty one at the end."""
    page = select(agent.c.id).where(agent.c.id > agent_id).order_by(agent.c.id).limit(limit)
    agents = (await connection.scalars(page)).all()
    return await _seen(connection, agents), agents[-1] if agents else ""


async def _seen(connection: AsyncConnection, agents: Sequence[str]) -> list[Seen]:
    last: dict[tuple[str, str], tuple[int, int, str]] = {}
    made: dict[str, list[tuple[int, str]]] = {}
    for row in await connection.execute(select(assignment).where(assignment.c.agent.in_(agents))):
        key = (row.agent, row.context)
        last[key] = max(last.get(key, (-1, 0, "")), (row.valid_from_ns, row.id, row.site))
        made.setdefault(row.agent, []).append((row.id, row.site))
    mine = select(assignment.c.context).where(assignment.c.agent.in_(agents))
    bodies = {row.id: row.body for row in await connection.execute(select(context).where(context.c.id.in_(mine)))}
    also = {(row.agent, row.context): row for row in await connection.execute(select(placing).where(placing.c.agent.in_(agents)))}
    earlier = {key: latest_site(rows) for key, rows in made.items()}
    return [
        Seen(
            key[0],
            key[1],
            bodies[key[1]],
            site,
            earlier[key[0]],
            also[key].egress if key in also else "",
            also[key].by_hand if key in also else "",
        )
        for key, (_, _, site) in sorted(last.items())
    ]
