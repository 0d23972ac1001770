"""Products on endpoints, agent by agent, as rows."""

from server.state import endpoints
from server.state.database import Database
from server.state.endpoints import EndpointRow


async def test_where_a_product_stands(database: Database) -> None:
    """Stored, changed, counted, found by agent, left out of the sweep when retired, replaced whole."""
    rows = [EndpointRow("d", "a", "present", 1, 1, 2), EndpointRow("d", "b", "retired", 1, 1, 1)]
    async with database.writing() as transaction:
        for row in (EndpointRow("d", "a", "candidate", 0, 0, 1), *rows):
            await endpoints.place_on(database, transaction, row)
        assert await endpoints.presences(transaction, ["d"]) == rows
        assert await endpoints.presences(transaction, ["d"], "b") == rows[1:]
        assert await endpoints.present_on(transaction, "d") == 1
        assert await endpoints.not_retired(transaction) == [("d", "a")]
        await endpoints.replace(transaction, ["d", "e"], [EndpointRow("e", "c", "absent", 1, 1, 1)])
        assert await endpoints.presences(transaction, ["d", "e"]) == [EndpointRow("e", "c", "absent", 1, 1, 1)]
