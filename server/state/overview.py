"""The centre's present picture as rows: agents, what their current runs say, how complete their streams are. Reads only.

Each is a statement or two, whatever the size of the fleet, and none reads the ledger: what is missing stands in the heads of the
streams.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, Float, and_, cast, distinct, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.collector.ledger import merge, read_beyond
from server.state.tables import agent, dropped, quarantine, run, stream

HOUR_NS = 3600 * 10**9
FIRST_ROUND_COUNTS = ("clean", "sanctioned", "inconclusive")
"""Verdicts that are believed at once; any other is news, and news needs a second round."""
SURE_ROUNDS = 2
GONE_NS = HOUR_NS
"""A current run not extended for an hour and three cadences before its agent's newest report is of a target no longer probed: a live run
is written every ten minutes, and a target whose budget of requests is used up is probed again within the hour."""


class AgentRow(NamedTuple):
    """One agent as of its newest report, measured at `latest_ns` (Unix ns) at `place`."""

    id: str
    place: str
    latest_ns: int
    cadence_s: float
    lab: bool
    software: str


class Tally(NamedTuple):
    """How many targets of one agent, where it is now, share a verdict and a device key, and since when the first of them does.

    `newest_ns` is when the last of them began.
    """

    place: str
    agent: str
    verdict: str
    device_key: str
    hosts: int
    first_ns: int
    newest_ns: int


class Aside(NamedTuple):
    """One current run beside the answers that is neither clean nor open: another protocol's, or an aspect's (`judge.finding.name_of`)."""

    place: str
    agent: str
    target: str
    verdict: str
    device_key: str
    first_ns: int


@dataclass(frozen=True, slots=True)
class Counts:
    """An hour's worth of an agent's report numbers, the newest: how many there are, and what became of them.

    A number nobody has heard of yet is not expected. What is neither stored, missing nor dropped is in quarantine.
    """

    expected: int = 0
    stored: int = 0
    missing: int = 0
    dropped: int = 0


_AGENTS = (
    select(*[agent.c[name] for name in ("id", "place", "latest_ns", "cadence_s", "lab", "software")])
    .where(agent.c.latest_ns > 0, agent.c.place != "")
    .order_by(agent.c.id)
)


async def agents(connection: AsyncConnection) -> list[AgentRow]:
    """Return all agents a report was stored of, by id."""
    return [AgentRow._make(row) for row in await connection.execute(_AGENTS)]


BESIDE = or_(run.c.target.like("%#%"), run.c.target.like("%/%"), run.c.target.not_like("%:%"))
"""Names that are not a target's own answer: an aspect, another protocol, this machine."""


SAYS = func.coalesce(run.c.id, 0) > 0
"""For agents joined with their runs by an outer join: those that have one. So SQLite goes from agents to their runs, and cannot turn it
round, where it reads all runs there ever were (0.3 s instead of 0.03 for 36,000)."""


def standing() -> ColumnElement[bool]:
    """Return the condition of a run that says what holds now where its agent is."""
    oldest_ns = cast(agent.c.latest_ns, Float) - agent.c.cadence_s * 3e9 - float(GONE_NS)
    sure = or_(run.c.verdict.in_(FIRST_ROUND_COUNTS), run.c.rounds >= SURE_ROUNDS)
    return and_(run.c.agent == agent.c.id, run.c.current, run.c.place == agent.c.place, sure, run.c.last_ns >= oldest_ns)


async def asides(connection: AsyncConnection, ignored: Collection[str] = ()) -> list[Aside]:
    """Return what is found beside the answers now, without the targets (`host:port`) that are `ignored`. Few rows: clean is left out."""
    columns = [run.c[name] for name in ("target", "verdict", "device_key", "first_ns")]
    found = and_(standing(), BESIDE, run.c.verdict.not_in(FIRST_ROUND_COUNTS), *(run.c.target.not_like(f"{one}#%") for one in ignored))
    query = select(agent.c.place, agent.c.id, *columns).select_from(agent.outerjoin(run, found)).where(SAYS)
    return sorted((Aside._make(row) for row in await connection.execute(query)), key=attrgetter("agent", "target"))


async def said_of_hosts(connection: AsyncConnection) -> list[tuple[str, str, str]]:
    """Return (place, target, verdict) of what any agent's current runs say of targets' answers where it is now, each once."""
    said = and_(standing(), not_(BESIDE))
    query = select(agent.c.place, run.c.target, run.c.verdict).select_from(agent.outerjoin(run, said)).where(SAYS).distinct()
    return [(row.place, row.target, row.verdict) for row in await connection.execute(query)]


async def tallies(connection: AsyncConnection, ignored: Collection[str] = ()) -> list[Tally]:
    """Return what the current runs say of the targets' answers where each agent is now, without the targets that are `ignored`."""
    said = and_(standing(), run.c.target.not_in(ignored), not_(BESIDE))
    group = (agent.c.id, run.c.verdict, run.c.device_key)
    query = (
        select(agent.c.place, *group, func.count(distinct(run.c.target)), func.min(run.c.first_ns), func.max(run.c.first_ns))
        .select_from(agent.outerjoin(run, said))
        .where(SAYS)
        .group_by(*group)
    )
    return [Tally._make(row) for row in await connection.execute(query)]


async def counts(connection: AsyncConnection, now_ns: int) -> dict[str, Counts]:
    """Return the completeness of each agent heard of in the last hour, over all its streams heard of in it."""
    names = ("id", "agent", "upto", "beyond", "last_seq")
    query = select(*[stream.c[name] for name in names], agent.c.cadence_s).join(agent, agent.c.id == stream.c.agent)
    heads = (await connection.execute(query.where(stream.c.last_created_ns >= now_ns - HOUR_NS))).all()
    lost = await _dropped(connection, now_ns - HOUR_NS)
    aside = await _quarantined(connection, now_ns - HOUR_NS)
    found: dict[str, Counts] = {}
    for head in heads:
        window = (max(1, head.last_seq - _hour_of(head.cadence_s) + 1), head.last_seq)
        expected = window[1] - window[0] + 1
        done = _within(window, [(1, head.upto), *(read_beyond(head.beyond) if head.beyond != "[]" else ())])
        dropped_now = _within(window, lost.get(head.id, ()))
        quarantined = _within(window, aside.get(head.id, ()))
        before = found.get(head.agent, Counts())
        found[head.agent] = Counts(
            before.expected + expected,
            before.stored + max(0, done - dropped_now - quarantined),
            before.missing + expected - done,
            before.dropped + dropped_now,
        )
    return found


def _hour_of(cadence_s: float) -> int:
    """Return how many reports an hour holds at this cadence."""
    return max(1, round(3600 / cadence_s))


def _within(window: tuple[int, int], ranges: Iterable[tuple[int, int]]) -> int:
    """Return how many numbers of disjoint ranges lie in the window, ends included."""
    return sum(max(0, min(last, window[1]) - max(first, window[0]) + 1) for first, last in ranges)


async def _dropped(connection: AsyncConnection, since_ns: int) -> dict[str, list[tuple[int, int]]]:
    """Return what agents dropped of an hour's newest numbers, by stream."""
    beginning = stream.c.last_seq - 3600 / agent.c.cadence_s
    query = (
        select(dropped.c.stream, dropped.c.first, dropped.c.last)
        .join(stream, stream.c.id == dropped.c.stream)
        .join(agent, agent.c.id == stream.c.agent)
        .where(stream.c.last_created_ns >= since_ns, dropped.c.last >= beginning)
    )
    found: dict[str, list[tuple[int, int]]] = {}
    for key, first, last in await connection.execute(query):
        found.setdefault(key, []).append((first, last))
    return {key: list(merge(ranges)) for key, ranges in found.items()}


async def _quarantined(connection: AsyncConnection, since_ns: int) -> dict[str, list[tuple[int, int]]]:
    """Return the numbers of reports set aside lately, by stream."""
    query = select(quarantine.c.stream, quarantine.c.seq).where(quarantine.c.kind == "report", quarantine.c.received_ns >= since_ns)
    found: dict[str, list[tuple[int, int]]] = {}
    for key, seq in await connection.execute(query.distinct()):
        found.setdefault(key, []).append((seq, seq))
    return found
