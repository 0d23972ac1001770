"""Bypass cases, their lines and their log as rows, and the runs they are decided by. Statements only, each in the caller's transaction.

The rules are `server/watcher/cases.py`'s. A changed case is stored only over the revision it was read at.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.cases_tables import bypass_case, case_entry, case_line
from server.state.paths import StoredRun, stored_runs
from server.state.tables import agent, run

LOOK_BACK_NS = 86_400 * 10**9
"""How far before its opening a case looks: whoever opens one has seen the decryption within the day."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case as stored. `id` is 0 until then; `revision` rises with every change, its lines' included."""

    id: int
    ticket: str
    title: str
    opened_by: str
    opened_ns: int
    state: str
    revision: int
    changed_ns: int
    reminded_ns: int = 0
    openings: int = 1
    proofs: int = 0
    returns: int = 0
    reminders: int = 0
    closed_ns: int = 0
    closed_by: str = ""
    report: str = ""


@dataclass(frozen=True, slots=True)
class LineRow:
    """One host at one site of a case. `waiting` is a list of agents with commas."""

    case: int
    site: str
    host: str
    state: str = "unknown"
    verdict: str = ""
    held_ns: int = 0
    until_ns: int = 0
    clean_ns: int = 0
    agree: int = 0
    reporting: int = 0
    waiting: str = ""
    device_key: str = ""
    cleared: bool = False
    returns: int = 0


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of a case's log: what `by` wrote, or what was found (`by` empty)."""

    case: int
    at_ns: int
    by: str
    kind: str
    text: str
    id: int = 0


async def add(connection: AsyncConnection, row: CaseRow, lines: Sequence[LineRow]) -> int:
    """Store a new case; return its id, which the lines get."""
    plain = {name: value for name, value in asdict(row).items() if name != "id"}
    number = int((await connection.execute(insert(bypass_case).returning(bypass_case.c.id), plain)).scalar_one())
    await connection.execute(insert(case_line), [{**asdict(line), "case": number} for line in lines])
    return number


async def load(connection: AsyncConnection, number: int) -> CaseRow | None:
    """Return a case, its row locked for who is going to change it (PostgreSQL; with SQLite a writer is alone)."""
    row = (await connection.execute(select(bypass_case).where(bypass_case.c.id == number).with_for_update())).one_or_none()
    return None if row is None else CaseRow(*row)


async def read(connection: AsyncConnection, number: int) -> CaseRow | None:
    """Return a case to look at."""
    row = (await connection.execute(select(bypass_case).where(bypass_case.c.id == number))).one_or_none()
    return None if row is None else CaseRow(*row)


async def listed(connection: AsyncConnection, states: Collection[str] = (), before: int = 0, limit: int = 100) -> list[CaseRow]:
    """Return cases in these states (all when none is named), newest first; `before` is an id."""
    query = select(bypass_case).order_by(bypass_case.c.id.desc()).limit(limit)
    query = query.where(bypass_case.c.state.in_(states)) if states else query
    query = query.where(bypass_case.c.id < before) if before else query
    return [CaseRow(*row) for row in await connection.execute(query)]


async def lines(connection: AsyncConnection, numbers: Collection[int]) -> list[LineRow]:
    """Return the lines of these cases, by case, site and host."""
    query = select(case_line).where(case_line.c.case.in_(numbers)).order_by(case_line.c.case, case_line.c.site, case_line.c.host)
    return [LineRow(*row) for row in await connection.execute(query)]


async def store(connection: AsyncConnection, row: CaseRow, changed: Sequence[LineRow]) -> CaseRow | None:
    """Store a changed case and its changed lines; return it with its new revision, or None when somebody was quicker."""
    names = [one.name for one in fields(CaseRow) if one.name not in {"id", "revision"}]
    values = {name: getattr(row, name) for name in names} | {"revision": row.revision + 1}
    mine = and_(bypass_case.c.id == row.id, bypass_case.c.revision == row.revision)
    if (await connection.execute(update(bypass_case).where(mine).values(values))).rowcount != 1:
        return None
    for line in changed:
        which = and_(case_line.c.case == line.case, case_line.c.site == line.site, case_line.c.host == line.host)
        await connection.execute(update(case_line).where(which).values(asdict(line)))
    return CaseRow(**{**asdict(row), "revision": row.revision + 1})


async def note(connection: AsyncConnection, entries: Sequence[EntryRow]) -> None:
    """Append to logs."""
    if entries:
        plain = [{name: value for name, value in asdict(entry).items() if name != "id"} for entry in entries]
        await connection.execute(insert(case_entry), plain)


async def entries(connection: AsyncConnection, number: int) -> list[EntryRow]:
    """Return a case's log, oldest first."""
    names = [case_entry.c[one.name] for one in fields(EntryRow)]
    return [EntryRow(*row) for row in await connection.execute(select(*names).where(case_entry.c.case == number).order_by(case_entry.c.id))]


async def runs_of(
    connection: AsyncConnection, sites: Collection[str], hosts: Collection[str], since_ns: int, sightings: Collection[str]
) -> list[StoredRun]:
    """Return the runs on these hosts at these sites that are current or ended since then; findings only of verdicts in `sightings`."""
    about = or_(*(run.c.target.startswith(f"{host}:", autoescape=True) for host in hosts))
    there = run.c.place.in_(sites), about, or_(run.c.current, run.c.last_ns >= since_ns)
    query = stored_runs(having=run.c.verdict.in_(sightings)).where(*there)
    return [StoredRun(*row) for row in await connection.execute(query.order_by(run.c.id))]


async def held_now(connection: AsyncConnection, verdicts: Collection[str], sites: Collection[str]) -> list[tuple[str, str]]:
    """Return (place, target) of current runs with these verdicts, seen at least twice; at these sites, or everywhere when none is named."""
    query = select(run.c.place, run.c.target).where(run.c.current, run.c.verdict.in_(verdicts), run.c.rounds > 1).distinct()
    query = query.where(run.c.place.in_(sites)) if sites else query
    return [(row[0], row[1]) for row in await connection.execute(query.order_by(run.c.place, run.c.target))]


async def measured_at(connection: AsyncConnection, sites: Collection[str]) -> set[tuple[str, str]]:
    """Return (place, target) of all current runs at these sites."""
    query = select(run.c.place, run.c.target).where(run.c.place.in_(sites), run.c.current).distinct()
    return {(row[0], row[1]) for row in await connection.execute(query)}


async def pulse(connection: AsyncConnection, sites: Collection[str]) -> tuple[int, int]:
    """Return what changes whenever a run at these sites does: the sum of their agents' revisions, and how many they are."""
    query = select(func.coalesce(func.sum(agent.c.revision), 0), func.count()).where(agent.c.place.in_(sites))
    row = (await connection.execute(query)).one()
    return int(row[0]), int(row[1])


async def agents_at(connection: AsyncConnection, sites: Collection[str]) -> list[tuple[str, float]]:
    """Return the agents whose newest report is of one of these sites, each with its own cadence in seconds."""
    query = select(agent.c.id, agent.c.cadence_s).where(agent.c.place.in_(sites)).order_by(agent.c.id)
    return [(row[0], float(row[1])) for row in await connection.execute(query)]
