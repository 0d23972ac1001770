"""What the state database holds, in a few numbers and the newest events: for pages, the demo and tests."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from server.state.database import Database
from server.state.tables import certificate, event, facts, ledger, stream


@dataclass(frozen=True, slots=True)
class Summary:
    """How much is stored for good."""

    reports: int
    observations: int
    facts: int
    certificates: int


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it was told."""

    id: int
    kind: str
    severity: str
    scope: str
    sentence: str
    at_ns: int


async def summary(database: Database) -> Summary:
    """Count what is stored."""
    stored = select(func.count(), func.coalesce(func.sum(ledger.c.observations), 0)).where(ledger.c.state == "stored")
    async with database.reading() as connection:
        reports, observations = (await connection.execute(stored)).one()
        bodies = await connection.scalar(select(func.count()).select_from(facts))
        certificates = await connection.scalar(select(func.count()).select_from(certificate))
    return Summary(int(reports), int(observations), int(bodies or 0), int(certificates or 0))


async def told_since(database: Database, after_id: int) -> list[Told]:
    """Return the events after that one, oldest first."""
    query = select(event).where(event.c.id > after_id).order_by(event.c.id)
    async with database.reading() as connection:
        return [Told(row.id, row.kind, row.severity, row.scope, row.sentence, row.at_ns) for row in await connection.execute(query)]


async def reports_of(database: Database, agents: Collection[str]) -> int:
    """Count the stored reports of these agents."""
    mine = select(stream.c.id).where(stream.c.agent.in_(agents))
    query = select(func.count()).select_from(ledger).where(ledger.c.state == "stored", ledger.c.stream.in_(mine))
    async with database.reading() as connection:
        return int(await connection.scalar(query) or 0)
