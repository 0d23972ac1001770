"""Letters to targets of notifications: written with the alert they tell, claimed, sent at least once, kept for a while after.

Each target has its own order: nothing here makes one wait for another. A claim is a wait: who dies with a letter in hand gives it back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.notices_tables import letter

WAITING, SENT, GIVEN_UP = "waiting", "sent", "given-up"
CLAIM_NS = 60 * 10**9
"""A claim holds longer than the longest time limit of a channel (30 s), so that nobody sends a letter that is just being sent."""


@dataclass(frozen=True, slots=True)
class New:
    """A letter to write."""

    target: str
    key: str
    what: str
    alert: str
    severity: str
    subject: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter in hand. `tries` counts this one too; `since_ns`: since when it waits, made or given up and taken up again."""

    id: int
    target: str
    key: str
    body: bytes
    since_ns: int
    tries: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter for a person to look at, without its body."""

    id: int
    target: str
    key: str
    what: str
    alert: str
    severity: str
    subject: str
    made_ns: int
    state: str
    tries: int
    next_ns: int
    ended_ns: int
    trouble: str


async def write(database: Database, transaction: AsyncConnection, letters: Sequence[New], now_ns: int) -> None:
    """Store letters; the same key for a target again is the same letter."""
    rows = [{name: getattr(one, name) for name in New.__slots__} | {"made_ns": now_ns, "subject": one.subject[:512]} for one in letters]
    if rows:
        await transaction.execute(database.insert_or_ignore(letter), rows)


async def is_due(transaction: AsyncConnection, target: str, now_ns: int) -> bool:
    """Return whether a target has a letter whose time has come."""
    query = select(letter.c.id).where(letter.c.target == target, letter.c.state == WAITING, letter.c.next_ns <= now_ns).limit(1)
    return (await transaction.execute(query)).first() is not None


async def claim(transaction: AsyncConnection, target: str, now_ns: int, limit: int) -> list[Waiting]:
    """Take the letters of a target that waited longest, in order: they wait again, and the try counts, from this transaction on."""
    due = (
        select(letter.c.id, letter.c.target, letter.c.key, letter.c.body, letter.c.made_ns, letter.c.ended_ns, letter.c.tries)
        .where(letter.c.target == target, letter.c.state == WAITING, letter.c.next_ns <= now_ns)
        .order_by(letter.c.next_ns, letter.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await transaction.execute(due)).all()
    ids = [row.id for row in rows]
    if ids:
        taken = update(letter).where(letter.c.id.in_(ids)).values(tries=letter.c.tries + 1, next_ns=now_ns + CLAIM_NS)
        await transaction.execute(taken)
    return [Waiting(row.id, row.target, row.key, row.body, max(row.made_ns, row.ended_ns), row.tries + 1) for row in rows]


async def sent(transaction: AsyncConnection, one: int, now_ns: int) -> None:
    """Note that a letter arrived."""
    await transaction.execute(update(letter).where(letter.c.id == one).values(state=SENT, ended_ns=now_ns, trouble=""))


async def postpone(transaction: AsyncConnection, one: int, next_ns: int, trouble: str) -> None:
    """Try a letter again at a time; say what went wrong."""
    values = {"next_ns": next_ns, "trouble": trouble[:256]}
    await transaction.execute(update(letter).where(letter.c.id == one, letter.c.state == WAITING).values(values))


async def give_up(transaction: AsyncConnection, one: int, now_ns: int, trouble: str) -> None:
    """End a letter that nobody took."""
    values = {"state": GIVEN_UP, "ended_ns": now_ns, "trouble": trouble[:256]}
    await transaction.execute(update(letter).where(letter.c.id == one).values(values))


async def again(transaction: AsyncConnection, target: str, now_ns: int) -> int:
    """Let a target's letters that were given up wait again, tried for as long as new ones (`ended_ns` is since when); return how many."""
    values = {"state": WAITING, "next_ns": now_ns, "ended_ns": now_ns}
    statement = update(letter).where(letter.c.target == target, letter.c.state == GIVEN_UP).values(values)
    return (await transaction.execute(statement)).rowcount


async def prune(transaction: AsyncConnection, before_ns: int) -> int:
    """Delete letters that ended before a time; return how many. Those that wait are never deleted."""
    statement = delete(letter).where(letter.c.state != WAITING, letter.c.ended_ns < before_ns)
    return (await transaction.execute(statement)).rowcount


async def listed(transaction: AsyncConnection, *, state: str = "", target: str = "", before: int = 0, limit: int = 50) -> list[Shown]:
    """Return letters, newest first, from the page behind the letter `before` (0: the first)."""
    columns = [letter.c[name] for name in Shown.__slots__]
    query = select(*columns).order_by(letter.c.id.desc()).limit(limit)
    if state:
        query = query.where(letter.c.state == state)
    if target:
        query = query.where(letter.c.target == target)
    if before:
        query = query.where(letter.c.id < before)
    return [Shown(*row) for row in await transaction.execute(query)]


async def counts(transaction: AsyncConnection) -> dict[str, dict[str, int]]:
    """Return for each target how many letters are in each state."""
    query = select(letter.c.target, letter.c.state, func.count()).group_by(letter.c.target, letter.c.state)
    found: dict[str, dict[str, int]] = {}
    for target, state, number in await transaction.execute(query):
        found.setdefault(target, {})[state] = number
    return found


async def ended(transaction: AsyncConnection, target: str, key: str) -> Shown | None:
    """Return a letter by its key, or None."""
    columns = [letter.c[name] for name in Shown.__slots__]
    row = (await transaction.execute(select(*columns).where(letter.c.target == target, letter.c.key == key))).one_or_none()
    return Shown(*row) if row else None


async def bodies(transaction: AsyncConnection, ids: Collection[int]) -> dict[int, bytes]:
    """Return what letters say, by number."""
    wanted = select(letter.c.id, letter.c.body).where(letter.c.id.in_(ids))
    return {row.id: row.body for row in await transaction.execute(wanted)}
