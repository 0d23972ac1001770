"""Maintenance windows are kept until they are over, and can be ended."""

from server.fleet.maintenance import Window
from server.state import maintenance
from server.state.database import Database


async def test_a_window_is_kept_and_ended(database: Database) -> None:
    """It is read back as given while it is not over; ended, it is over at that moment; twice it cannot be ended."""
    wanted = [Window("Lyon", 300, 400, "later", "ana"), Window("", 100, 200, "now", "rui")]
    async with database.writing() as connection:
        ids = [await maintenance.add(connection, one, 50) for one in wanted]
    async with database.reading() as connection:
        found = await maintenance.windows(connection, 60)
        assert [(one.site, one.from_ns, one.until_ns, one.reason, one.made_by, one.id) for one in found] == [
            ("", 100, 200, "now", "rui", ids[1]),
            ("Lyon", 300, 400, "later", "ana", ids[0]),
        ]
        assert [one.site for one in await maintenance.windows(connection, 200)] == ["Lyon"]
    async with database.writing() as connection:
        assert [await maintenance.end(connection, ids[0], 150) for _ in range(2)] == [True, False]
        assert await maintenance.windows(connection, 199) == [found[0]]
