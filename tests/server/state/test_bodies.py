"""Facts and certificates as rows: content-addressed, so the first to store them is right for ever."""

from sqlalchemy import select

from server.state import bodies
from server.state.bodies import IDS_PER_SELECT
from server.state.database import Database
from server.state.tables import facts


async def test_bodies_are_stored_once_and_read_as_they_came(database: Database) -> None:
    """Bytes come back; who stored them first stays."""
    async with database.writing() as connection:
        await bodies.store_facts(database, connection, {"f1": ("web", b'{"kind":"web"}', "0.1.0", 1)}, 5)
        await bodies.store_certificates(database, connection, {"c1": bytes(range(256))}, 5)
    async with database.writing() as connection:
        await bodies.store_facts(database, connection, {"f1": ("dns", b"other", "9", 9), "f2": ("raw", b"{}", "", 0)}, 6)
        await bodies.store_certificates(database, connection, {"c1": b"other", "c2": b"two"}, 6)
        await bodies.store_facts(database, connection, {}, 7)
        await bodies.store_certificates(database, connection, {}, 7)
    async with database.reading() as connection:
        assert await bodies.load_facts(connection, ["f1", "f2", "f3"]) == {"f1": b'{"kind":"web"}', "f2": b"{}"}
        assert await bodies.load_certificates(connection, ["c1", "c2", "c3"]) == {"c1": bytes(range(256)), "c2": b"two"}
        assert (await bodies.load_facts(connection, []), await bodies.load_certificates(connection, [])) == ({}, {})
        row = (await connection.execute(select(facts).where(facts.c.id == "f1"))).one()
    assert (row.kind, row.software, row.plan, row.first_seen_ns) == ("web", "0.1.0", 1, 5)


async def test_more_ids_than_a_statement_takes(database: Database) -> None:
    """A batch of first reports with whole chains names tens of thousands."""
    count = IDS_PER_SELECT + 5
    async with database.writing() as connection:
        await bodies.store_certificates(database, connection, {f"c{number}": b"der" for number in range(count)}, 5)
        await bodies.store_facts(database, connection, {f"f{number}": ("web", b"{}", "", 0) for number in range(count)}, 5)
    async with database.reading() as connection:
        assert len(await bodies.load_certificates(connection, [f"c{number}" for number in range(2 * count)])) == count
        assert len(await bodies.load_facts(connection, [f"f{number}" for number in range(2 * count)])) == count
