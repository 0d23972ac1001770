"""Authorities seen and learned, as rows."""

from server.state import issuers
from server.state.database import Database
from server.state.issuers import Quorum, SightingRow


async def test_how_widely_an_authority_is_seen(database: Database) -> None:
    """Networks and places are counted each once, old sightings are left out, a learned authority is no longer asked about."""
    rows = [SightingRow("k", f"AS{number % 2}", f"site {number}", "CN", number) for number in range(4)]
    async with database.writing() as transaction:
        await issuers.note(database, transaction, rows)
        await issuers.note(database, transaction, [SightingRow("k", "AS0", "site 0", "CN", 99)])
        assert await issuers.quorums(transaction, 0) == [Quorum("k", "CN", 2, 4, 0, 3)]
        assert await issuers.quorums(transaction, 2) == [Quorum("k", "CN", 2, 2, 2, 3)]
        await issuers.learn(database, transaction, "k", "CN", 9)
        await issuers.note(database, transaction, rows)
        assert await issuers.quorums(transaction, 0) == []
        assert await issuers.learned(transaction) == {"k"}
