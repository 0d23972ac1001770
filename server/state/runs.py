"""Runs as rows, and the inbox that tells the watcher. Statements only; the rules are `server/collector/runs.py`'s."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from sqlalchemy import and_, bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.collector.runs import Change, Path, Run
from server.state.database import Database
from server.state.tables import finding, inbox, run
from wire.codec import content_id

_UPDATE = (
    update(run)
    .where(run.c.id == bindparam("run_id"))
    .values({run.c[name]: bindparam(f"new_{name}") for name in ("first_ns", "last_ns", "rounds", "current", "second_ns", "third_ns")})
)


async def load_current(connection: AsyncConnection, agents: Collection[str]) -> dict[str, list[Run]]:
    """Return the current runs of these agents, without their findings: what is stored keeps the one it has."""
    found: dict[str, list[Run]] = {agent: [] for agent in agents}
    query = select(run).where(run.c.agent.in_(agents), run.c.current)
    for row in await connection.execute(query):
        found[row.agent].append(_read(row))
    return found


async def load_history(connection: AsyncConnection, spans: Mapping[str, tuple[int, int]]) -> dict[str, list[Run]]:
    """Return the ended runs of agents that touch the span (first, last measured ns) or stand next to it.

    "Next to it" is bounded to a day either side: a backlog older than that opens runs of its own, which is true as well.
    """
    day = 86_400 * 10**9
    found: dict[str, list[Run]] = {agent: [] for agent in spans}
    wanted = [
        and_(run.c.agent == agent, run.c.last_ns >= first - day, run.c.first_ns <= last + day) for agent, (first, last) in spans.items()
    ]
    if wanted:
        for row in await connection.execute(select(run).where(or_(*wanted), run.c.current.is_(False))):
            found[row.agent].append(_read(row))
    return found


def _read(row: object) -> Run:
    _id, _agent, place, target, route, verdict, device_key, first_ns, last_ns, rounds, current, _finding, *times = row  # type: ignore[misc]
    return Run(Path(place, target, route), verdict, device_key, first_ns, last_ns, rounds, current, b"", _id, *times)  # type: ignore[has-type]


async def write(
    database: Database, connection: AsyncConnection, changes: Mapping[str, Collection[Change]], now_ns: int
) -> dict[str, list[Run]]:
    """Store changed runs by agent and an inbox row for each that must be told; return the inserted runs with their ids."""
    await _write_findings(database, connection, changes.values())
    ended = [change for mine in changes.values() for change in mine if change.run.id > 0]
    if ended:
        await connection.execute(_UPDATE, [_update_row(change.run) for change in ended])
    told = [change.run.id for change in ended if change.tell]
    inserted: dict[str, list[Run]] = {}
    for agent, mine in changes.items():
        fresh = [change for change in mine if change.run.id < 1]
        if not fresh:
            continue
        rows = [_insert_row(agent, change.run) for change in fresh]
        ids = (await connection.scalars(insert(run).returning(run.c.id, sort_by_parameter_order=True), rows)).all()
        inserted[agent] = [_with_id(change.run, row_id) for change, row_id in zip(fresh, ids, strict=True)]
        told += [row_id for change, row_id in zip(fresh, ids, strict=True) if change.tell]
    if told:
        await connection.execute(inbox.insert(), [{"kind": "run", "run": row_id, "made_ns": now_ns} for row_id in told])
    return inserted


async def _write_findings(database: Database, connection: AsyncConnection, changes: Iterable[Collection[Change]]) -> None:
    """Store what runs that are new say; ids in one order, so that two collectors never wait for each other in a ring."""
    bodies = {change.run.finding for mine in changes for change in mine if change.run.id < 1} - {b""}
    if bodies:
        rows = [{"id": key, "body": body} for key, body in sorted((content_id(body), body) for body in bodies)]
        await connection.execute(database.insert_or_ignore(finding), rows)


def _with_id(one: Run, row_id: int) -> Run:
    return replace(one, id=row_id)


def _update_row(one: Run) -> dict[str, object]:
    return {
        "run_id": one.id,
        "new_first_ns": one.first_ns,
        "new_last_ns": one.last_ns,
        "new_rounds": one.rounds,
        "new_current": one.current,
        "new_second_ns": one.second_ns,
        "new_third_ns": one.third_ns,
    }


def _insert_row(agent: str, one: Run) -> dict[str, object]:
    return {
        "agent": agent,
        "place": one.path.place,
        "target": one.path.target,
        "route": one.path.route,
        "verdict": one.verdict,
        "device_key": one.device_key,
        "first_ns": one.first_ns,
        "last_ns": one.last_ns,
        "rounds": one.rounds,
        "current": one.current,
        "finding": content_id(one.finding) if one.finding else "",
        "second_ns": one.second_ns,
        "third_ns": one.third_ns,
    }


async def tell_clone(connection: AsyncConnection, bodies: Collection[bytes], now_ns: int) -> None:
    """Put an inbox row for each forked stream."""
    if bodies:
        await connection.execute(inbox.insert(), [{"kind": "clone", "body": body, "made_ns": now_ns} for body in bodies])
