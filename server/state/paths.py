"""Runs as the watcher reads them: by path, by device key, by place. Reads only; `server/state/runs.py` writes them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, distinct, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.tables import run

NEWEST_RUNS = 16
"""Runs read per path, newest first. A path that turned more often while the watcher was away has older turns told by nobody."""
_PATH = (run.c.place, run.c.agent, run.c.target, run.c.route)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One row of `run`. `finding` is None where it was not asked for."""

    id: int
    agent: str
    place: str
    target: str
    route: str
    verdict: str
    device_key: str
    first_ns: int
    last_ns: int
    rounds: int
    finding: bytes | None


async def by_id(connection: AsyncConnection, ids: Collection[int]) -> list[StoredRun]:
    """Return these runs in the order of their ids, with findings. A missing one is left out."""
    query = _columns(with_finding=True).where(run.c.id.in_(ids)).order_by(run.c.id)
    return [StoredRun(*row) for row in await connection.execute(query)]


def _columns(*, with_finding: bool) -> Select[Any]:
    plain = [run.c[name] for name in ("id", "agent", "place", "target", "route", "verdict", "device_key", "first_ns", "last_ns", "rounds")]
    return select(*plain, run.c.finding) if with_finding else select(*plain)


async def device_keys_on(connection: AsyncConnection, paths: Collection[tuple[str, str, str, str]]) -> set[tuple[str, str]]:
    """Return (place, device key) for each key ever seen on these paths, each path being (place, agent, target, route)."""
    query = select(run.c.place, run.c.device_key).where(tuple_(*_PATH).in_(paths), run.c.device_key != "").distinct()
    return {(row.place, row.device_key) for row in await connection.execute(query)}


async def seen_by(connection: AsyncConnection, place: str, names: Collection[str]) -> list[StoredRun]:
    """Return the newest runs of each path at `place` that ever carried one of these device keys; findings only where it does."""
    saw = select(run.c.agent, run.c.target, run.c.route).where(run.c.place == place, run.c.device_key.in_(names)).distinct().subquery()
    on_path = and_(run.c.agent == saw.c.agent, run.c.target == saw.c.target, run.c.route == saw.c.route)
    rank = func.row_number().over(partition_by=(run.c.agent, run.c.target, run.c.route), order_by=run.c.first_ns.desc())
    finding = case((run.c.device_key.in_(names), run.c.finding), else_=None)
    ranked = (
        _columns(with_finding=False)
        .add_columns(finding.label("finding"), rank.label("rank"))
        .join(saw, on_path)
        .where(run.c.place == place)
        .subquery()
    )
    query = select(*[column for column in ranked.c if column.name != "rank"]).where(ranked.c.rank <= NEWEST_RUNS)
    return [StoredRun(*row) for row in await connection.execute(query)]


async def clean_rounds_before(connection: AsyncConnection, ids: Sequence[int], settled_ns: int) -> dict[int, int]:
    """Return, per run, the clean rounds at its place, target and route before it began, by any agent.

    A run of the same agent, or one that began `settled_ns` earlier, counts with all its rounds, another with its first only.
    """
    clean = run.alias()
    earlier = and_(
        clean.c.place == run.c.place,
        clean.c.target == run.c.target,
        clean.c.route == run.c.route,
        clean.c.verdict == "clean",
        clean.c.first_ns < run.c.first_ns,
    )
    whole = (clean.c.agent == run.c.agent) | (clean.c.first_ns <= run.c.first_ns - settled_ns)
    rounds = func.sum(case((whole, clean.c.rounds), else_=1))
    query = select(run.c.id, rounds).join(clean, earlier).where(run.c.id.in_(ids)).group_by(run.c.id)
    return {row[0]: int(row[1]) for row in await connection.execute(query)}


async def agents_at(connection: AsyncConnection, place: str, since_ns: int) -> int:
    """Return how many agents have been heard at `place` since then."""
    query = select(func.count(distinct(run.c.agent))).where(run.c.place == place, run.c.current, run.c.last_ns >= since_ns)
    return int((await connection.execute(query)).scalar_one())
