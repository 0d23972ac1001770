"""Gateways as agents saw them, from assignments and contexts, and each told once."""

from server.state import assignments, gateways
from server.state.database import Database
from server.watcher.gateways import Sight

BODIES = {"old": b'{"gateway":"g1","network":"10.1.0.0/24"}', "new": b'{"gateway":"g2","network":"10.1.0.0/24"}', "bare": b"{}"}


async def introduce(database: Database, now_ns: int, agent: str, context: str, place: str = "Lyon") -> None:
    """Make a row as a collector does."""
    async with database.writing() as connection:
        await assignments.introduce(database, connection, {(agent, context): (BODIES[context], place)}, now_ns)


async def test_what_agents_saw(database: Database) -> None:
    """Since an agent first had the context, at the site where it is now; who was elsewhere roams; others' sites are not read."""
    await introduce(database, 5, "a", "old", "Porto")
    await introduce(database, 7, "a", "bare", "remote")
    await introduce(database, 8, "b", "new")
    await introduce(database, 9, "c", "new", "Faro")
    async with database.writing() as connection:
        await assignments.move(database, connection, {("a", "old"): "Lyon"}, 20)
    async with database.reading() as connection:
        assert sorted(await gateways.sights(connection, "Lyon"), key=lambda one: one.agent) == [
            Sight("a", "10.1.0.0/24", "g1", 5, roams=True),
            Sight("b", "10.1.0.0/24", "g2", 8),
        ]
        assert await gateways.touched(connection, 0, 9) == ({"Faro", "Lyon"}, 5)
        assert await gateways.touched(connection, 5, 0) == (set(), 5)


async def test_each_is_told_once(database: Database) -> None:
    """By its number at the site."""
    async with database.writing() as connection:
        seen = [("Lyon", "n", "g1"), ("Lyon", "n", "g2"), ("Lyon", "n", "g1"), ("Faro", "n", "g1")]
        assert [await gateways.tell_once(database, connection, *one, 5) for one in seen] == [1, 2, 0, 1]
