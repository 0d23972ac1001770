"""What current runs say of targets' answers, target by target: where somebody is cut off, and by site. Reads only."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import bindparam, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.overview import BESIDE, SAYS, standing
from server.state.tables import agent, run
from server.watcher.site_troubles import Answer

_CUT = select(agent.c.place).distinct().where(SAYS)
_CUT = _CUT.select_from(agent.outerjoin(run, standing() & run.c.verdict.in_(bindparam("verdicts", expanding=True)) & not_(BESIDE)))
"""Made once: it is asked each second."""


async def places_with(connection: AsyncConnection, verdicts: Collection[str]) -> set[str]:
    """Return the places where an agent's current run has one of these verdicts, surely."""
    return set((await connection.scalars(_CUT, {"verdicts": list(verdicts)})).all())


async def answers_at(connection: AsyncConnection, places: Collection[str]) -> list[Answer]:
    """Return the newest word of each agent at these places on each target's answer, by each of its routes."""
    columns = [run.c[name] for name in ("target", "verdict", "first_ns", "rounds")]
    query = select(agent.c.place, agent.c.id, *columns).select_from(agent.join(run, standing()))
    query = query.where(agent.c.place.in_(places), not_(BESIDE)).order_by(agent.c.place, agent.c.id, run.c.target)
    return [Answer(*row) for row in await connection.execute(query)]


class Said(NamedTuple):
    """So many agents at a place say this of a target by a route."""

    place: str
    route: str
    target: str
    verdict: str
    agents: int


async def said(connection: AsyncConnection, since_ns: int) -> list[Said]:
    """Return how many agents heard since then say what of each target at each place. A few thousand rows for 200 sites."""
    group = (agent.c.place, run.c.route, run.c.target, run.c.verdict)  # of an agent's path one run is current: rows are agents
    query = (
        select(*group, func.count())
        .select_from(agent.outerjoin(run, standing()))
        .where(agent.c.latest_ns >= since_ns, SAYS, not_(BESIDE))
        .group_by(*group)
    )
    return sorted(Said._make(row) for row in await connection.execute(query))
