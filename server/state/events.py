"""Events, told once: the table's unique constraint decides, in the caller's transaction."""

from dataclasses import asdict, dataclass

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
