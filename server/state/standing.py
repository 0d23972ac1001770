"""Agents' standing as rows: stretches of trouble and newest words. Statements only; the rules are `server/collector/standing.py`'s."""

import json
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.collector.standing import Open, Standing, Stretch
from server.state.database import Database
from server.state.standing_tables import agent_word, condition

_END = (
    update(condition)
    .where(
        condition.c.agent == bindparam("of_agent"), condition.c.kind == bindparam("of_kind"), condition.c.first_ns == bindparam("of_first")
    )
    .values(until_ns=bindparam("new_until"))
)


async def load(connection: AsyncConnection, agents: Collection[str]) -> dict[str, Standing]:
    """Return how these agents stand; one never heard of stands as one that has said nothing."""
    going_on: dict[str, dict[str, Open]] = {agent: {} for agent in agents}
    query = select(condition).where(condition.c.agent.in_(agents), condition.c.until_ns == 0)
    for row in await connection.execute(query):
        going_on[row.agent][row.kind] = Open(row.first_ns, row.detail)
    found = {agent: Standing(open=mine) for agent, mine in going_on.items()}
    for row in await connection.execute(select(agent_word).where(agent_word.c.agent.in_(agents))):
        roots = {kind: tuple(values) for kind, values in json.loads(row.roots).items()}
        found[row.agent] = Standing(going_on[row.agent], row.plan, roots, row.since_ns, told=True)
    return found


async def write(database: Database, connection: AsyncConnection, changes: Sequence[Stretch]) -> None:
    """Store stretches that began, and the ends of those that are over; in the order given, for one may do both in one batch."""
    begun = {(one.agent, one.kind, one.first_ns): one for one in changes if not one.until_ns}
    ended = [one for one in changes if one.until_ns]
    if begun:
        rows = [
            {"agent": one.agent, "kind": one.kind, "first_ns": one.first_ns, "until_ns": 0, "detail": one.detail} for one in begun.values()
        ]
        await connection.execute(database.insert_or_ignore(condition), rows)
    if ended:
        ends = [{"of_agent": one.agent, "of_kind": one.kind, "of_first": one.first_ns, "new_until": one.until_ns} for one in ended]
        await connection.execute(_END, ends)


def word_of(standing: Standing) -> tuple[int, str, bool]:
    """Return what a row of `agent_word` keeps of a standing: equal words need no writing."""
    return standing.plan, json.dumps(standing.roots, sort_keys=True), standing.told


async def write_words(database: Database, connection: AsyncConnection, words: Mapping[str, Standing]) -> None:
    """Store agents' newest words."""
    rows = [{"agent": agent, "plan": one.plan, "roots": word_of(one)[1], "since_ns": one.since_ns} for agent, one in sorted(words.items())]
    if not rows:
        return
    insert = sqlite.insert(agent_word) if database.is_sqlite else postgresql.insert(agent_word)
    newer = {name: insert.excluded[name] for name in ("plan", "roots", "since_ns")}
    await connection.execute(insert.on_conflict_do_update(index_elements=["agent"], set_=newer), rows)


async def going_on(connection: AsyncConnection, kinds: Collection[str] = ()) -> list[Stretch]:
    """Return the stretches that go on, of all kinds or of these, by agent."""
    query = select(condition).where(condition.c.until_ns == 0).order_by(condition.c.agent, condition.c.kind)
    query = query.where(condition.c.kind.in_(kinds)) if kinds else query
    return [Stretch(row.agent, row.kind, row.first_ns, row.until_ns, row.detail) for row in await connection.execute(query)]


_DURING = (
    select(condition)
    .where(
        condition.c.agent.in_(bindparam("agents", expanding=True)),
        condition.c.first_ns <= bindparam("until_ns"),
        or_(condition.c.until_ns == 0, condition.c.until_ns >= bindparam("since_ns")),
    )
    .order_by(condition.c.first_ns)
)


async def during(connection: AsyncConnection, agents: Collection[str], first_ns: int, last_ns: int) -> list[Stretch]:
    """Return the stretches of these agents that touch the time from `first_ns` to `last_ns` (measured, Unix ns), oldest first."""
    rows = await connection.execute(_DURING, {"agents": list(agents), "since_ns": first_ns, "until_ns": last_ns})
    return [Stretch(row.agent, row.kind, row.first_ns, row.until_ns, row.detail) for row in rows]


_PLANS = select(agent_word.c.agent, agent_word.c.plan)


async def plans(connection: AsyncConnection) -> dict[str, int]:
    """Return the version of the plan each agent follows, by its own word."""
    return {row[0]: row[1] for row in await connection.execute(_PLANS)}
