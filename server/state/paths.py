"""Runs as the watcher reads them: by path, by device key, by place. Reads only; `server/state/runs.py` writes them.

Statements are made once, above who asks them: deciding asks thousands, and making one cost more than its answer (measured).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, FromClause, Select, and_, bindparam, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.collector.runs import ENOUGH_ROUNDS
from server.state.tables import agent, finding, run

NEWEST_RUNS = 16
"""Runs read per path, newest first. A path that turned more often while the watcher was away has older turns told by nobody."""
NAMES_PER_SELECT = 10_000
"""SQLite takes 32,766 bound values a statement, asyncpg 32,767."""
SIGHTED = ("proxied", "spliced", "inspected", "altered", "redirected", "blocked")
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
    second_ns: int = 0
    third_ns: int = 0


def _list(name: str) -> BindParameter[Any]:
    """Return the parameter for a list of values."""
    return bindparam(name, expanding=True)


def _on_path_of(other: FromClause) -> ColumnElement[bool]:
    return and_(*[column == other.c[column.name] for column in _PATH])


def stored_runs(runs: FromClause = run, having: ColumnElement[bool] | None = None) -> Select[Any]:
    """Select what a StoredRun has, in its order; the finding only of rows `having` that."""
    names = ("id", "agent", "place", "target", "route", "verdict", "device_key", "first_ns", "last_ns", "rounds")
    said = finding.c.id == runs.c.finding
    said = said if having is None else said & having
    columns = (*[runs.c[name] for name in names], finding.c.body, runs.c.second_ns, runs.c.third_ns)
    return select(*columns).select_from(runs.outerjoin(finding, said))


_BY_ID = stored_runs().where(run.c.id.in_(_list("ids"))).order_by(run.c.id)


async def by_id(connection: AsyncConnection, ids: Collection[int]) -> list[StoredRun]:
    """Return these runs in the order of their ids, with findings. A missing one is left out."""
    return [StoredRun(*row) for row in await connection.execute(_BY_ID, {"ids": list(ids)})]


def _newest_before() -> Select[Any]:
    this = run.alias()
    before = and_(this.c.id == bindparam("number"), _on_path_of(this), run.c.first_ns < this.c.first_ns)
    return stored_runs().join(this, before).order_by(run.c.first_ns.desc()).limit(NEWEST_RUNS)


_NEWEST_BEFORE = _newest_before()


async def newest_before(connection: AsyncConnection, number: int) -> list[StoredRun]:
    """Return the runs of a run's path that began before it, newest first, with findings; a few."""
    return [StoredRun(*row) for row in await connection.execute(_NEWEST_BEFORE, {"number": number})]


def _keys_on_paths() -> Select[Any]:
    this = run.alias()
    found = select(run.c.place, run.c.agent, run.c.device_key).join(this, _on_path_of(this))
    return found.where(this.c.id.in_(_list("ids")), run.c.device_key != "").distinct()


_KEYS_ON_PATHS = _keys_on_paths()


async def device_keys_on(connection: AsyncConnection, ids: Collection[int]) -> set[tuple[str, str, str]]:
    """Return (place, agent, device key) for each key ever seen on the paths of these runs."""
    return {(row.place, row.agent, row.device_key) for row in await connection.execute(_KEYS_ON_PATHS, {"ids": list(ids)})}


def _seen(whose: ColumnElement[bool]) -> Select[Any]:
    keyed = run.c.device_key.in_(_list("names"))
    saw = select(*_PATH).where(whose, keyed).distinct().subquery()
    rank = func.row_number().over(partition_by=_PATH, order_by=run.c.first_ns.desc())
    ranked = select(run, rank.label("rank")).join(saw, _on_path_of(saw)).where(whose).subquery()
    return stored_runs(ranked, ranked.c.device_key.in_(_list("names"))).where(ranked.c.rank <= NEWEST_RUNS)


_SEEN_BY, _SEEN_ON = _seen(run.c.place == bindparam("whose")), _seen(run.c.agent == bindparam("whose"))


async def seen_by(connection: AsyncConnection, place: str, names: Collection[str]) -> list[StoredRun]:
    """Return the newest runs of each path at `place` that ever carried one of these device keys; findings only where it does."""
    return [StoredRun(*row) for row in await connection.execute(_SEEN_BY, {"whose": place, "names": list(names)})]


async def seen_on(connection: AsyncConnection, whom: str, names: Collection[str]) -> list[StoredRun]:
    """Return the same of all paths of one agent, wherever it was."""
    return [StoredRun(*row) for row in await connection.execute(_SEEN_ON, {"whose": whom, "names": list(names)})]


async def places_seen_since(connection: AsyncConnection, names: Collection[str], since_ns: int) -> list[str]:
    """Return the places where these device keys were seen since then."""
    keyed = run.c.device_key.in_(names) & (run.c.device_key != "")
    query = select(run.c.place).where(keyed, run.c.last_ns > since_ns, run.c.verdict.in_(("sanctioned", *SIGHTED))).distinct()
    return sorted((await connection.execute(query)).scalars())


class Presence(NamedTuple):
    """What is asked of one presence: where it is (`whose` is an agent if `of_agent`, else a place), by which keys, and how it stands."""

    of_agent: bool
    whose: str
    names: frozenset[str]
    present: bool
    seen_ns: int


def _last_seen(whose: str) -> Select[Any]:
    where = run.c[whose].in_(_list("whom")), run.c.device_key.in_(_list("names"))
    return select(run.c[whose], run.c.device_key, func.max(run.c.last_ns)).where(*where).group_by(run.c[whose], run.c.device_key)


def _followed_by(whose: str) -> Select[Any]:
    met = run.alias()
    found = select(met.c[whose], met.c.device_key, run.c.device_key).join(met, _on_path_of(met)).distinct()
    where = met.c[whose].in_(_list("whom")), met.c.device_key.in_(_list("names"))
    return found.where(*where, run.c.current, run.c.device_key != met.c.device_key)


_LAST_SEEN = {of_agent: _last_seen("agent" if of_agent else "place") for of_agent in (False, True)}
_FOLLOWED_BY = {of_agent: _followed_by("agent" if of_agent else "place") for of_agent in (False, True)}


async def with_news(connection: AsyncConnection, asked: Collection[Presence]) -> set[Presence]:
    """Return the presences that time alone may change, by a statement for each of four kinds.

    What is present leaves only when a path of its goes on without it; anything else moves only when it was seen since.
    """
    found: set[Presence] = set()
    for of_agent in (False, True):
        for present, query in ((False, _LAST_SEEN[of_agent]), (True, _FOLLOWED_BY[of_agent])):
            mine = [one for one in asked if (one.of_agent, one.present) == (of_agent, present)]
            told: dict[tuple[str, str], list[Any]] = {}
            for part in _in_parts(mine):
                values = {"whom": sorted({one.whose for one in part}), "names": sorted({name for one in part for name in one.names})}
                for whose, name, what in await connection.execute(query, values):
                    told.setdefault((whose, name), []).append(what)
            for one in mine:
                said = [what for name in one.names for what in told.get((one.whose, name), ())]
                if any(what not in one.names for what in said) if present else any(what > one.seen_ns for what in said):
                    found.add(one)
    return found


def _in_parts(asked: Sequence[Presence]) -> list[list[Presence]]:
    """Return the presences in parts of not much more than `NAMES_PER_SELECT` keys: a product that runs everywhere has one per machine."""
    parts: list[list[Presence]] = []
    keys = NAMES_PER_SELECT
    for one in asked:
        if keys >= NAMES_PER_SELECT:
            parts.append([])
            keys = 0
        parts[-1].append(one)
        keys += len(one.names)
    return parts


def _clean_rounds_before(*, own: bool) -> Select[Any]:
    clean = run.alias()
    whose = clean.c.agent == run.c.agent if own else clean.c.place == run.c.place
    earlier = and_(
        whose,
        clean.c.target == run.c.target,
        clean.c.route == run.c.route,
        clean.c.verdict == "clean",
        clean.c.first_ns < run.c.first_ns,
    )
    # a time that nobody wrote down is 0, before all else
    second = case((and_(clean.c.rounds > 1, clean.c.second_ns < run.c.first_ns), 1), else_=0)
    third = case((and_(clean.c.rounds > 2, clean.c.third_ns < run.c.first_ns), 1), else_=0)
    rounds = func.sum(1 + second + third)
    return select(run.c.id, rounds).join(clean, earlier).where(run.c.id.in_(_list("ids"))).group_by(run.c.id)


_CLEAN_ROUNDS_BEFORE = {own: _clean_rounds_before(own=own) for own in (False, True)}


async def clean_rounds_before(connection: AsyncConnection, ids: Sequence[int], *, own: bool = False) -> dict[int, int]:
    """Return, per run, the clean rounds at its place, target and route before it began, by any agent.

    `own`: only the same agent's, wherever it was.
    """
    return {row[0]: int(row[1]) for row in await connection.execute(_CLEAN_ROUNDS_BEFORE[own], {"ids": list(ids)})}


def _observed_before() -> Select[Any]:
    on_path = [run.c[name] == bindparam(name) for name in ("place", "target", "route")]
    says = run.c.verdict.not_in(("inconclusive", "unreachable", "captive"))
    before = select(run.c.agent, run.c.first_ns, run.c.last_ns).where(*on_path, says, run.c.first_ns < bindparam("before_ns"))
    first = before.order_by(run.c.first_ns).limit(bindparam("most")).subquery()
    time = func.sum(first.c.last_ns - first.c.first_ns)
    cadence_s = func.coalesce(func.min(agent.c.cadence_s), 60.0)
    return select(func.min(first.c.first_ns), time, func.count(), cadence_s).select_from(
        first.outerjoin(agent, agent.c.id == first.c.agent)
    )


_OBSERVED_BEFORE = _observed_before()


async def observed_before(
    connection: AsyncConnection, place: str, path: tuple[str, str], before_ns: int, most: int
) -> tuple[int, int, int, float] | None:
    """Return what was seen at a place on a path (target, route) before a moment, by any agent: of any verdict that says something.

    Since when (ns), for how long in all (ns), in how many runs, and the shortest cadence of those agents in seconds; of the `most` runs
    that began first: a place where a fleet comes and goes has thousands. None where nothing was seen.
    """
    target, route = path
    values = {"place": place, "target": target, "route": route, "before_ns": before_ns, "most": most}
    first_ns, time_ns, runs, cadence_s = (await connection.execute(_OBSERVED_BEFORE, values)).one()
    return (int(first_ns), int(time_ns), int(runs), float(cadence_s)) if runs else None


def _clean_here_before() -> Select[Any]:
    clean = run.alias()
    earlier = and_(
        clean.c.agent == run.c.agent,
        clean.c.current.in_((True, False)),  # the index of an agent's runs has it second
        clean.c.place == run.c.place,
        clean.c.verdict == "clean",
        clean.c.first_ns < run.c.first_ns,
    )
    same = and_(clean.c.target == run.c.target, clean.c.route == run.c.route)
    last = func.max(clean.c.first_ns), func.max(case((same, clean.c.first_ns), else_=0))
    return select(run.c.id, *last).join(clean, earlier).where(run.c.id.in_(_list("ids"))).group_by(run.c.id)


_CLEAN_HERE_BEFORE = _clean_here_before()


async def clean_here_before(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return, per run, when its agent's newest clean run at its place began before: on any path, and on its own (Unix ns, 0 for never).

    Not until when: a run of a place that was left is ended with the agent's next report from there.
    """
    return {row[0]: (int(row[1]), int(row[2])) for row in await connection.execute(_CLEAN_HERE_BEFORE, {"ids": list(ids)})}


def _met_elsewhere_before() -> Select[Any]:
    met = run.alias()
    earlier = and_(
        met.c.agent == run.c.agent,
        met.c.current.in_((True, False)),
        met.c.place != run.c.place,
        met.c.device_key.in_(_list("names")),
        met.c.first_ns < run.c.first_ns,
    )
    return select(run.c.id, func.max(met.c.first_ns)).join(met, earlier).where(run.c.id.in_(_list("ids"))).group_by(run.c.id)


_MET_ELSEWHERE_BEFORE = _met_elsewhere_before()


async def met_elsewhere_before(connection: AsyncConnection, ids: Sequence[int], names: Collection[str]) -> dict[int, int]:
    """Return, per run, when its agent's newest run with one of these device keys at another place began before (Unix ns)."""
    rows = await connection.execute(_MET_ELSEWHERE_BEFORE, {"ids": list(ids), "names": list(names)})
    return {row[0]: int(row[1]) for row in rows}


_CAPTIVE = select(run.c.agent, run.c.first_ns, run.c.last_ns).where(
    run.c.agent.in_(_list("agents")), run.c.current.in_((True, False)), run.c.verdict == "captive", run.c.last_ns >= bindparam("since_ns")
)


async def captive_spans(connection: AsyncConnection, agents: Collection[str], since_ns: int) -> list[tuple[str, int, int]]:
    """Return (agent, first, last ns) of each stretch since then in which a portal answered an agent on any target, wherever it was."""
    rows = await connection.execute(_CAPTIVE, {"agents": list(agents), "since_ns": since_ns})
    return [(row.agent, row.first_ns, row.last_ns) for row in rows]


async def first_seen_elsewhere(
    connection: AsyncConnection, names: Collection[str], place: str, span: tuple[int, int]
) -> dict[str, list[int]]:
    """Return when runs with these device keys began at other places within a span (Unix ns), by place.

    Only of those that go on in a second round, or did for three: somewhere in a large fleet a single round looks like nearly anything at
    any hour.
    """
    lasting = (run.c.current & (run.c.rounds > 1)) | (run.c.rounds >= ENOUGH_ROUNDS)
    query = select(run.c.place, run.c.first_ns).where(
        run.c.device_key.in_(names), run.c.device_key != "", run.c.place != place, run.c.first_ns.between(*span), lasting
    )
    found: dict[str, list[int]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.place, []).append(row.first_ns)
    return found


def _agents_at() -> Select[Any]:
    there = select(run.c.agent).where(run.c.place == bindparam("place"), run.c.current).distinct().subquery()
    heard = (run.c.agent == there.c.agent, run.c.current, run.c.place == bindparam("place"), run.c.last_ns >= bindparam("since_ns"))
    return select(func.count()).select_from(there).where(exists().where(*heard))


_AGENTS_AT = _agents_at()


async def agents_at(connection: AsyncConnection, place: str, since_ns: int) -> int:
    """Return how many agents have been heard at `place` since then."""
    return int((await connection.execute(_AGENTS_AT, {"place": place, "since_ns": since_ns})).scalar_one())
