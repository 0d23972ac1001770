"""Events, told once: the table's unique constraint decides, in the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.tables import event


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event. (device, scope, kind, episode) is its identity; `body` is JSON with what proves it."""

    kind: str
    severity: str
    device: str
    scope: str
    episode: int
    at_ns: int
    made_ns: int
    sentence: str
    body: bytes

    @property
    def identity(self) -> str:
        """Return the identity as text."""
        return f"{self.device}|{self.scope}|{self.kind}|{self.episode}"


async def tell(database: Database, connection: AsyncConnection, row: EventRow) -> int | None:
    """Store an event and return its id, or None when it was told before."""
    statement = database.insert_or_ignore(event).values(asdict(row)).returning(event.c.id)
    told: int | None = (await connection.execute(statement)).scalar_one_or_none()
    return told


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events to list: empty is any. `before` is an id: only older ones; times are Unix ns, `until_ns` 0 is without end."""

    kind: str = ""
    scope: str = ""
    device: str = ""
    severity: str = ""
    since_ns: int = 0
    until_ns: int = 0
    before: int = 0


async def listed(connection: AsyncConnection, wanted: Wanted, limit: int) -> Sequence[tuple[int, EventRow]]:
    """Return the newest events of those wanted, each with its id, newest first."""
    columns = [event.c.id, *(event.c[one.name] for one in fields(EventRow))]
    query = select(*columns).where(event.c.at_ns >= wanted.since_ns).order_by(event.c.id.desc()).limit(limit)
    for name in ("kind", "scope", "device", "severity"):
        if value := getattr(wanted, name):
            query = query.where(event.c[name] == value)
    query = query.where(event.c.at_ns < wanted.until_ns) if wanted.until_ns else query
    query = query.where(event.c.id < wanted.before) if wanted.before else query
    return [(row[0], EventRow(*row[1:])) for row in await connection.execute(query)]


async def one(connection: AsyncConnection, number: int) -> EventRow | None:
    """Return an event by its id."""
    columns = [event.c[one.name] for one in fields(EventRow)]
    row = (await connection.execute(select(*columns).where(event.c.id == number))).one_or_none()
    return None if row is None else EventRow(*row)


async def scopes(connection: AsyncConnection, device: str, kind: str, since_ns: int) -> list[tuple[str, int]]:
    """Return (scope, when it happened in ns) of each event of one kind about a device since then."""
    query = select(event.c.scope, event.c.at_ns).where(event.c.device == device, event.c.kind == kind, event.c.at_ns >= since_ns)
    return [(row.scope, row.at_ns) for row in await connection.execute(query)]


async def told_of(connection: AsyncConnection, device: str, scope: str, kind: str) -> int:
    """Return how many events of one kind were told about a device and a scope."""
    query = select(func.count()).where(event.c.device == device, event.c.scope == scope, event.c.kind == kind)
    return int((await connection.execute(query)).scalar_one())


async def times_of(connection: AsyncConnection, device: str, scope: str, kinds: Collection[str], since_ns: int) -> list[int]:
    """Return when events of these kinds about a device and a scope happened (ns), since then."""
    about = (event.c.device == device) & (event.c.scope == scope)
    query = select(event.c.at_ns).where(about, event.c.kind.in_(kinds), event.c.at_ns >= since_ns)
    return list((await connection.execute(query)).scalars())
