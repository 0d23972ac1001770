"""Which gateways agents of a site saw, and which were told. Statements only; the rule is `server/watcher/gateways.py`'s."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.sites_tables import gateway_told
from server.state.tables import assignment, context
from server.watcher.gateways import Sight


async def touched(connection: AsyncConnection, after: int, since_ns: int) -> tuple[set[str], int]:
    """Return the sites with assignments behind a row's number that were made since then, and the last row's number."""
    query = select(assignment.c.id, assignment.c.site).where(assignment.c.id > after, assignment.c.made_ns >= since_ns)
    rows = (await connection.execute(query)).all()
    return {row.site for row in rows}, max((row.id for row in rows), default=after)


async def sights(connection: AsyncConnection, site: str) -> list[Sight]:
    """Return each gateway each agent of a site saw there, with when the agent first had that context."""
    agents = select(assignment.c.agent).where(assignment.c.site == site)
    query = (
        select(assignment, context.c.body).join(context, context.c.id == assignment.c.context).where(assignment.c.agent.in_(agents))
    ).order_by(assignment.c.valid_from_ns, assignment.c.id)
    contexts: dict[tuple[str, str], tuple[int, str, bytes]] = {}
    for row in await connection.execute(query):
        known = contexts.get((row.agent, row.context))
        contexts[row.agent, row.context] = (min(row.made_ns, known[0]) if known else row.made_ns, row.site, row.body)
    away = {agent for (agent, _), (_, place, _) in contexts.items() if place != site}
    found: dict[tuple[str, str, str], int] = {}
    for (agent, _), (first_ns, place, body) in contexts.items():
        for network, gateway in _link(body) if place == site else ():
            key = (agent, network, gateway)
            found[key] = min(found.get(key, first_ns), first_ns)
    return [Sight(*key, first_ns, key[0] in away) for key, first_ns in found.items()]


def _link(body: bytes) -> Iterator[tuple[str, str]]:
    plain: dict[str, Any] = json.loads(body)
    if plain.get("gateway") and plain.get("network"):
        yield str(plain["network"])[:43], str(plain["gateway"])[:128]


async def tell_once(database: Database, connection: AsyncConnection, site: str, network: str, gateway: str, now_ns: int) -> int:
    """Note that a gateway is told; return which of the site's it is, from 1, or 0 when it was told before."""
    mine = select(func.count()).select_from(gateway_told).where(gateway_told.c.site == site)
    episode = int((await connection.execute(mine)).scalar_one()) + 1
    row = {"site": site, "network": network, "gateway": gateway, "episode": episode, "told_ns": now_ns}
    told = await connection.execute(database.insert_or_ignore(gateway_told).returning(gateway_told.c.episode), row)
    return int(told.scalar_one_or_none() or 0)
