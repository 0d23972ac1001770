"""The inbox as the watcher reads it: what is not decided yet, and its end in the transaction that decides."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.tables import inbox


@dataclass(frozen=True, slots=True)
class Row:
    """One change to decide: a run that opened or grew, or (kind `clone`) a JSON body."""

    id: int
    kind: str
    run: int | None
    body: bytes


_PENDING = select(inbox.c.id, inbox.c.kind, inbox.c.run, inbox.c.body).order_by(inbox.c.id).limit(bindparam("most"))
_DONE = delete(inbox).where(inbox.c.id.in_(bindparam("ids", expanding=True)))


async def pending(connection: AsyncConnection, limit: int) -> list[Row]:
    """Return the oldest rows, in order."""
    return [Row(*row) for row in await connection.execute(_PENDING, {"most": limit})]


async def done(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Delete decided rows."""
    await connection.execute(_DONE, {"ids": list(ids)})
