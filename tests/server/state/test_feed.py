"""The feed's rows: one GUID for all instances and for ever, what was saved is what is read."""

from dataclasses import replace

from server.state import feed
from server.state.database import Database


async def test_one_guid_for_ever(database: Database) -> None:
    """Instances added later, and a second making, keep the first GUID and all that was saved."""
    async with database.writing() as transaction:
        await feed.introduce(database, transaction, ["Worldwide", "China"], 5)
        first = await feed.rows(transaction)
        saved = replace(first["China"], version="2026081400", body=b"[]", checked_ns=7, next_ns=8, failures=2, trouble="no", stale=True)
        await feed.save(transaction, saved)
        await feed.introduce(database, transaction, ["China", "USGovDoD"], 9)
    async with database.reading() as transaction:
        rows = await feed.rows(transaction)
        heads = await feed.heads(transaction)
    assert len(first["China"].guid) == 36
    assert {one.guid for one in rows.values()} == {first["China"].guid}
    assert rows["China"] == saved
    assert (rows["Worldwide"].since_ns, rows["USGovDoD"].since_ns) == (5, 9)
    assert heads["China"] == replace(saved, body=b"")
