"""Facts and certificates, content-addressed and kept for ever: the past can be judged again."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database
from server.state.tables import certificate, facts

IDS_PER_SELECT = 10_000
"""SQLite takes 32,766 bound values a statement, asyncpg 32,767."""


async def load_facts(connection: AsyncConnection, ids: Collection[str]) -> dict[str, bytes]:
    """Return the bodies of those facts that are stored."""
    wanted = sorted(ids)
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), IDS_PER_SELECT):
        query = select(facts.c.id, facts.c.body).where(facts.c.id.in_(wanted[start : start + IDS_PER_SELECT]))
        found |= {row.id: row.body for row in await connection.execute(query)}
    return found


async def load_certificates(connection: AsyncConnection, ids: Collection[str]) -> dict[str, bytes]:
    """Return the DER of those certificates that are stored."""
    wanted = sorted(ids)
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), IDS_PER_SELECT):
        query = select(certificate.c.id, certificate.c.der).where(certificate.c.id.in_(wanted[start : start + IDS_PER_SELECT]))
        found |= {row.id: row.der for row in await connection.execute(query)}
    return found


async def store_facts(
    database: Database, connection: AsyncConnection, bodies: Mapping[str, tuple[str, bytes, str, int]], now_ns: int
) -> None:
    """Store id -> (kind, body, software, plan); ids in one order, so that two collectors never wait for each other in a ring."""
    rows = [
        {"id": key, "kind": kind, "body": body, "first_seen_ns": now_ns, "software": software, "plan": plan}
        for key, (kind, body, software, plan) in sorted(bodies.items())
    ]
    if rows:
        await connection.execute(database.insert_or_ignore(facts), rows)


async def store_certificates(database: Database, connection: AsyncConnection, ders: Mapping[str, bytes], now_ns: int) -> None:
    """Store id -> DER."""
    rows = [{"id": key, "der": der, "first_seen_ns": now_ns} for key, der in sorted(ders.items())]
    if rows:
        await connection.execute(database.insert_or_ignore(certificate), rows)
