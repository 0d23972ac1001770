"""What a disclosure and a coverage read of the runs: what stands now, and what stood in a time. Reads only.

Grouped in the database: a month of a fleet is some thousand rows, however many reports it was.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Float, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.overview import FIRST_ROUND_COUNTS, GONE_NS, SURE_ROUNDS
from server.state.tables import agent, presence, run


@dataclass(frozen=True, slots=True)
class Answer:
    """What one agent finds on one name by one route now."""

    place: str
    agent: str
    target: str
    route: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one agent saw of one device on one name by one route in a time: first and last (Unix ns), whether it goes on, its newest run."""

    place: str
    agent: str
    target: str
    route: str
    verdict: str
    device_key: str
    first_ns: int
    last_ns: int
    current: bool
    run: int


async def answers(connection: AsyncConnection, sites: Collection[str]) -> list[Answer]:
    """Return what holds now at these sites (everywhere when none is named), by agents that are there now."""
    oldest_ns = cast(agent.c.latest_ns, Float) - agent.c.cadence_s * 3e9 - float(GONE_NS)
    sure = or_(run.c.verdict.in_(FIRST_ROUND_COUNTS), run.c.rounds >= SURE_ROUNDS)
    here = and_(run.c.agent == agent.c.id, run.c.current, run.c.place == agent.c.place, sure, run.c.last_ns >= oldest_ns)
    columns = [run.c[name] for name in ("place", "agent", "target", "route", "verdict")]
    query = select(*columns).select_from(agent.join(run, here)).order_by(run.c.place, run.c.target, run.c.agent)
    query = query.where(agent.c.place.in_(sites)) if sites else query
    return [Answer(*row) for row in await connection.execute(query)]


async def places(connection: AsyncConnection) -> list[str]:
    """Return every place an agent's newest report is of, by name: in Python's order, which is the same on both databases."""
    return sorted((await connection.scalars(select(agent.c.place).distinct())).all())


async def stretches(
    connection: AsyncConnection, sites: Collection[str], since_ns: int, until_ns: int, verdicts: Collection[str]
) -> list[Stretch]:
    """Return what was seen with these verdicts in [since, until] at these sites (everywhere when none is named)."""
    group = [run.c[name] for name in ("place", "agent", "target", "route", "verdict", "device_key")]
    goes_on = func.max(case((run.c.current, 1), else_=0))
    query = (
        select(*group, func.min(run.c.first_ns), func.max(run.c.last_ns), goes_on, func.max(run.c.id))
        .where(run.c.verdict.in_(verdicts), run.c.first_ns <= until_ns, or_(run.c.current, run.c.last_ns >= since_ns))
        .where(or_(run.c.rounds >= SURE_ROUNDS, run.c.verdict == "sanctioned"))
        .group_by(*group)
        .order_by(*group)
    )
    query = query.where(run.c.place.in_(sites)) if sites else query
    return [Stretch(*row[:8], current=bool(row[8]), run=int(row[9])) for row in await connection.execute(query)]


async def agents_in(connection: AsyncConnection, sites: Collection[str], since_ns: int, until_ns: int) -> dict[str, set[str]]:
    """Return by site the agents that reported from it in [since, until]."""
    query = select(run.c.place, run.c.agent).where(run.c.first_ns <= until_ns, or_(run.c.current, run.c.last_ns >= since_ns)).distinct()
    found: dict[str, set[str]] = {}
    for place, name in await connection.execute(query.where(run.c.place.in_(sites)) if sites else query):
        found.setdefault(place, set()).add(name)
    return found


async def placed(connection: AsyncConnection, devices: Collection[str], sites: Collection[str]) -> dict[str, set[str]]:
    """Return by device the sites it is said or seen to be at."""
    query = select(presence.c.device, presence.c.place).where(presence.c.device.in_(devices))
    found: dict[str, set[str]] = {}
    for name, place in await connection.execute(query.where(presence.c.place.in_(sites)) if sites else query):
        found.setdefault(name, set()).add(place)
    return found


async def lab(connection: AsyncConnection) -> bool:
    """Return whether any agent says that its trust and its connections were set by hand."""
    return bool((await connection.execute(select(func.count()).select_from(agent).where(agent.c.lab))).scalar_one())
