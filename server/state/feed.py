"""The endpoint list of each instance as a row: what the service said last, and when to ask again. Statements only."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select, update

from server.state.database import Database, Transaction
from server.state.feed_tables import feed


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One instance. `guid` is this centre's ClientRequestId, the same for all instances and for ever. Times are Unix ns, 0: never.

    `version` and `body`: the newest list, as it came; empty before the first. `checked_ns`: when the service last confirmed it.
    `next_ns`: when it is asked again; `free_ns`: from when a person may have it asked. `since_ns`: when asking began.
    """

    instance: str
    guid: str
    version: str = ""
    body: bytes = b""
    checked_ns: int = 0
    changed_ns: int = 0
    next_ns: int = 0
    free_ns: int = 0
    since_ns: int = 0
    failures: int = 0
    trouble: str = ""
    stale: bool = False
    episode: int = 0


async def introduce(database: Database, transaction: Transaction, instances: Collection[str], now_ns: int) -> None:
    """Make the rows of instances that have none, with the GUID of those that have, or a new one."""
    known = {row.instance: row.guid for row in await transaction.execute(select(feed.c.instance, feed.c.guid).order_by(feed.c.instance))}
    guid = next(iter(known.values()), str(uuid.uuid4()))
    fresh = [{"instance": one, "guid": guid, "body": b"", "since_ns": now_ns} for one in instances if one not in known]
    if fresh:
        await transaction.execute(database.insert_or_ignore(feed), fresh)


async def rows(transaction: Transaction) -> dict[str, FeedRow]:
    """Return every instance ever asked for."""
    found = await transaction.execute(select(feed).order_by(feed.c.instance))
    return {row.instance: FeedRow(**row._mapping) for row in found}  # noqa: SLF001 - a row's columns, public by SQLAlchemy


async def save(transaction: Transaction, row: FeedRow) -> None:
    """Store what became of an instance."""
    values = {name: getattr(row, name) for name in FeedRow.__dataclass_fields__ if name not in {"instance", "guid"}}
    await transaction.execute(update(feed).where(feed.c.instance == row.instance).values(values))


async def heads(transaction: Transaction) -> dict[str, FeedRow]:
    """Return every instance ever asked for without its list: what a process asks to see whether there is a newer one."""
    found = await transaction.execute(select(*(one for one in feed.c if one.name != "body")).order_by(feed.c.instance))
    return {row.instance: FeedRow(**row._mapping) for row in found}  # noqa: SLF001 - as above


async def ask_soon(transaction: Transaction, instances: Collection[str]) -> None:
    """Let these instances be due at once."""
    await transaction.execute(update(feed).where(feed.c.instance.in_(instances)).values(next_ns=0))
