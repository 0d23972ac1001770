"""Poison kept with its bytes: bounded to 1 GiB and 7 days, drops counted, replayable."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.counters import add
from server.state.database import Database
from server.state.tables import quarantine

MAX_BYTES = 1 << 30
MAX_AGE_NS = 7 * 86_400 * 10**9
DROPS = "quarantine_dropped"


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept thing.

    Kind `report`: a report as it came. `point`: a point InfluxDB refused (JSON, its bucket as topic). `raw`: observations of kinds this
    version does not know (JSON).
    """

    kind: Literal["report", "point", "raw"]
    topic: str
    agent: str
    stream: str
    seq: int
    reason: str
    data: bytes
    received_ns: int = 0
    id: int = 0
    replay: bool = False


async def keep(connection: AsyncConnection, things: Sequence[Kept], now_ns: int) -> None:
    """Store things in the caller's transaction."""
    rows = [
        {
            "kind": one.kind,
            "received_ns": now_ns,
            "topic": one.topic[:256],
            "agent": one.agent[:63],
            "stream": one.stream[:32],
            "seq": one.seq,
            "reason": one.reason[:256],
            "size": len(one.data),
            "bytes": one.data,
            "replay": False,
        }
        for one in things
    ]
    if rows:
        await connection.execute(quarantine.insert(), rows)


async def trim(database: Database, now_ns: int, max_bytes: int = MAX_BYTES) -> int:
    """Drop what is too old or over the bound, oldest first; count and return the drops."""
    async with database.writing() as connection:
        gone = (await connection.execute(delete(quarantine).where(quarantine.c.received_ns < now_ns - MAX_AGE_NS))).rowcount
        total = int((await connection.scalar(select(func.coalesce(func.sum(quarantine.c.size), 0)))) or 0)
        while total > max_bytes:
            oldest = (await connection.execute(select(quarantine.c.id, quarantine.c.size).order_by(quarantine.c.id).limit(1000))).all()
            doomed = []
            for row in oldest:
                if total <= max_bytes:
                    break
                doomed.append(row.id)
                total -= row.size
            gone += (await connection.execute(delete(quarantine).where(quarantine.c.id.in_(doomed)))).rowcount
        if gone:
            await add(database, connection, DROPS, gone)
    return gone


async def listed(database: Database, limit: int = 100) -> list[Kept]:
    """Return the newest kept things, without their bytes."""
    columns = [column for column in quarantine.c if column.name != "bytes"]
    async with database.reading() as connection:
        rows = await connection.execute(select(*columns).order_by(quarantine.c.id.desc()).limit(limit))
        return [Kept(r.kind, r.topic, r.agent, r.stream, r.seq, r.reason, b"", r.received_ns, r.id, r.replay) for r in rows]


async def fetch(database: Database, ids: Collection[int] | None = None) -> list[Kept]:
    """Return kept things with their bytes: those with these ids, or, for None, those marked for replay (at most 100)."""
    chosen = quarantine.c.replay if ids is None else quarantine.c.id.in_(ids)
    async with database.reading() as connection:
        rows = await connection.execute(select(quarantine).where(chosen).order_by(quarantine.c.id).limit(100))
        return [Kept(r.kind, r.topic, r.agent, r.stream, r.seq, r.reason, r.bytes, r.received_ns, r.id, r.replay) for r in rows]


async def mark_for_replay(database: Database, ids: Collection[int]) -> int:
    """Mark things so that a collector takes them in again; return how many there were. Kind `raw` waits for a version that knows it."""
    chosen = quarantine.c.id.in_(ids), quarantine.c.kind != "raw"
    async with database.writing() as connection:
        return (await connection.execute(update(quarantine).where(*chosen).values(replay=True))).rowcount


async def release(database: Database, ids: Collection[int]) -> None:
    """Delete things that were taken in."""
    if ids:
        async with database.writing() as connection:
            await connection.execute(delete(quarantine).where(quarantine.c.id.in_(ids)))


async def unmark(database: Database, ids: Collection[int]) -> None:
    """Take the replay mark off things that still cannot be taken in."""
    if ids:
        async with database.writing() as connection:
            await connection.execute(update(quarantine).where(quarantine.c.id.in_(ids)).values(replay=False))
