"""The ledger's rows: heads of streams, entries, dropped ranges, agents. Statements only; the rules are `server/collector/ledger.py`'s.

Everything is by batch: one SELECT for all streams, `executemany` for all rows (7 us a row, measured; an ORM costs 308).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.collector.ledger import Entry, Head, read_beyond
from server.state.database import Database
from server.state.tables import agent, dropped, ledger, stream

KEYS_PER_SELECT = 5000
"""Two bound values a key; SQLite takes 32,766 a statement, asyncpg 32,767."""


@dataclass(frozen=True, slots=True)
class AgentHead:
    """What is locked, and written again, of an agent with each batch: all but `revision` is the word of its newest measured report."""

    revision: int = 0
    latest_ns: int = 0
    place: str = ""
    cadence_s: float = 60.0
    lab: bool = False
    software: str = ""


_AGENT_COLUMNS = ("revision", "latest_ns", "place", "cadence_s", "lab", "software")


async def load_heads(connection: AsyncConnection, streams: Collection[str], *, lock: bool = False) -> dict[str, Head]:
    """Return the heads of those streams that are known, locked in a fixed order if asked."""
    query = select(stream).where(stream.c.id.in_(streams)).order_by(stream.c.id)
    rows = (await connection.execute(query.with_for_update() if lock else query)).all()
    return {
        row.id: Head(
            row.id,
            row.agent,
            row.upto,
            read_beyond(row.beyond) if row.beyond != "[]" else (),
            row.last_seq,
            row.last_created_ns,
            row.last_digest,
            row.forks,
        )
        for row in rows
    }


async def load_entries(connection: AsyncConnection, wanted: Mapping[str, Collection[int]]) -> dict[str, dict[int, Entry]]:
    """Return the entries at the wanted sequence numbers, dropped ranges included, by stream and number."""
    found: dict[str, dict[int, Entry]] = {key: {} for key in wanted}
    keys = [(key, seq) for key, numbers in wanted.items() for seq in numbers]
    for start in range(0, len(keys), KEYS_PER_SELECT):
        part = keys[start : start + KEYS_PER_SELECT]
        query = select(ledger).where(tuple_(ledger.c.stream, ledger.c.seq).in_(part))
        for row in await connection.execute(query):
            found[row.stream][row.seq] = Entry(row.seq, row.state, row.digest, row.previous, row.created_ns)
    if wanted:
        ranges = await connection.execute(select(dropped.c.stream, dropped.c.first, dropped.c.last).where(dropped.c.stream.in_(wanted)))
        for key, first, last in ranges:
            for seq in wanted[key]:
                if first <= seq <= last:
                    found[key].setdefault(seq, Entry(seq, "dropped", "", "", 0))
    return found


_LOCK_AGENTS = (
    select(agent.c.id, *[agent.c[name] for name in _AGENT_COLUMNS])
    .where(agent.c.id.in_(bindparam("agents", expanding=True)))
    .order_by(agent.c.id)
    .with_for_update()
)


async def lock_agents(connection: AsyncConnection, agents: Collection[str]) -> dict[str, AgentHead]:
    """Lock the agents' rows, in a fixed order, and return them."""
    return {row[0]: AgentHead(*row[1:]) for row in await connection.execute(_LOCK_AGENTS, {"agents": list(agents)})}


async def write_heads(connection: AsyncConnection, heads: Sequence[Head], now_ns: int) -> None:
    """Store the heads: new rows for streams not seen before, updates for the rest."""
    fresh = [_head_row(head) | {"opened_ns": now_ns} for head in heads if not head.stored]
    if fresh:
        await connection.execute(stream.insert(), fresh)
    known = [{f"new_{key}": value for key, value in _head_row(head).items()} for head in heads if head.stored]
    if known:
        await connection.execute(_UPDATE_HEAD, known)


def _head_row(head: Head) -> dict[str, object]:
    return {
        "id": head.stream,
        "agent": head.agent,
        "upto": head.upto,
        "beyond": head.beyond_text() if head.beyond else "[]",
        "last_seq": head.last_seq,
        "last_created_ns": head.last_created_ns,
        "last_digest": head.last_digest,
        "forks": head.forks,
    }


_HEAD_COLUMNS = ("upto", "beyond", "last_seq", "last_created_ns", "last_digest", "forks")
_UPDATE_HEAD = (
    update(stream).where(stream.c.id == bindparam("new_id")).values({stream.c[name]: bindparam(f"new_{name}") for name in _HEAD_COLUMNS})
)
_UPDATE_AGENT = (
    update(agent).where(agent.c.id == bindparam("agent_id")).values({agent.c[name]: bindparam(f"new_{name}") for name in _AGENT_COLUMNS})
)
_REPLACE_ENTRY = (
    update(ledger)
    .where(ledger.c.stream == bindparam("of_stream"), ledger.c.seq == bindparam("of_seq"))
    .values(
        {ledger.c[name]: bindparam(f"new_{name}") for name in ("state", "digest", "previous", "created_ns", "received_ns", "observations")}
    )
)


async def write_entries(
    connection: AsyncConnection, entries: Iterable[tuple[str, Entry, int]], replaced: Iterable[tuple[str, Entry, int]], now_ns: int
) -> None:
    """Insert (stream, entry, observations) rows, and overwrite those of `replaced`, which were quarantined before."""
    rows = [_entry_row(key, entry, count, now_ns) for key, entry, count in entries]
    if rows:
        await connection.execute(ledger.insert(), rows)
    again = [
        {("of_" if name in {"stream", "seq"} else "new_") + name: value for name, value in _entry_row(key, entry, count, now_ns).items()}
        for key, entry, count in replaced
    ]
    if again:
        await connection.execute(_REPLACE_ENTRY, again)


def _entry_row(key: str, entry: Entry, count: int, now_ns: int) -> dict[str, object]:
    return {
        "stream": key,
        "seq": entry.seq,
        "state": entry.state,
        "digest": entry.digest,
        "previous": entry.previous,
        "created_ns": entry.created_ns,
        "received_ns": now_ns,
        "observations": count,
    }


async def write_agents(connection: AsyncConnection, agents: Mapping[str, AgentHead]) -> None:
    """Store the rows of locked agents."""
    rows = [{"agent_id": key} | {f"new_{name}": getattr(head, name) for name in _AGENT_COLUMNS} for key, head in agents.items()]
    if rows:
        await connection.execute(_UPDATE_AGENT, rows)


async def note_dropped(
    database: Database, connection: AsyncConnection, ranges: Mapping[str, Collection[tuple[int, int]]], now_ns: int
) -> None:
    """Keep what agents say they dropped; a range told again changes nothing."""
    rows = [
        {"stream": key, "first": first, "last": last, "noted_ns": now_ns}
        for key, pairs in sorted(ranges.items())
        for first, last in sorted(pairs)
    ]
    if rows:
        await connection.execute(database.insert_or_ignore(dropped), rows)


async def known_agents(connection: AsyncConnection) -> list[str]:
    """Return the ids of all agents a report was stored of."""
    return list((await connection.scalars(select(agent.c.id).order_by(agent.c.id))).all())


async def completeness(connection: AsyncConnection, agent_id: str, start_ns: int, end_ns: int) -> dict[str, int]:
    """Return expected, stored, quarantined, dropped and missing reports of one agent, for numbers received in [start, end).

    Expected is the span of sequence numbers seen in that time, stream by stream: a report nobody has heard of yet is not missing.
    """
    mine = select(stream.c.id).where(stream.c.agent == agent_id)
    query = select(ledger.c.stream, ledger.c.seq, ledger.c.state).where(
        ledger.c.stream.in_(mine), ledger.c.received_ns >= start_ns, ledger.c.received_ns < end_ns
    )
    spans: dict[str, list[int]] = {}
    counts = {"stored": 0, "quarantined": 0}
    for row in await connection.execute(query):
        counts[cast("str", row.state)] += 1
        low_high = spans.setdefault(row.stream, [row.seq, row.seq])
        low_high[:] = min(low_high[0], row.seq), max(low_high[1], row.seq)
    expected = present = gone = 0
    for key, (low, high) in spans.items():
        inside = ledger.c.stream == key, ledger.c.seq.between(low, high)
        known = set((await connection.scalars(select(ledger.c.seq).where(*inside))).all())
        ranges = await connection.execute(select(dropped.c.first, dropped.c.last).where(dropped.c.stream == key))
        lost = {seq for first, last in ranges for seq in range(max(first, low), min(last, high) + 1)} - known
        expected, present, gone = expected + high - low + 1, present + len(known), gone + len(lost)
    return {"expected": expected, "dropped": gone, "missing": expected - present - gone, **counts}
