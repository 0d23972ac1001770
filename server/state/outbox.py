"""What must be told to the outside, stored with the decision that made it and deleted once it is told."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.tables import outbox


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing to tell. `body` is JSON the channel understands; `tries` counts failures so far."""

    id: int
    idempotency_key: str
    body: bytes
    tries: int


async def put(database: Database, connection: AsyncConnection, channel: str, idempotency_key: str, body: bytes, now_ns: int) -> None:
    """Store one letter; the same key again is the same letter."""
    row = {"channel": channel, "idempotency_key": idempotency_key, "body": body, "made_ns": now_ns}
    await connection.execute(database.insert_or_ignore(outbox), row)


async def due(connection: AsyncConnection, channel: str, now_ns: int, limit: int) -> list[Letter]:
    """Return the oldest letters of a channel whose time has come."""
    query = (
        select(outbox.c.id, outbox.c.idempotency_key, outbox.c.body, outbox.c.tries)
        .where(outbox.c.channel == channel, outbox.c.next_ns <= now_ns)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [Letter(*row) for row in await connection.execute(query)]


async def sent(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Delete letters that arrived."""
    await connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))


async def postpone(connection: AsyncConnection, next_ns: dict[int, int]) -> None:
    """Count one failure for each letter and try it again at its time."""
    statement = update(outbox).where(outbox.c.id == bindparam("letter")).values(tries=outbox.c.tries + 1, next_ns=bindparam("at"))
    await connection.execute(statement, [{"letter": letter, "at": at} for letter, at in next_ns.items()])
