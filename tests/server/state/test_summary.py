"""What the state database says it holds: counted rows, and events in the order they were told."""

from dataclasses import replace

from sqlalchemy import insert

from server.state import events
from server.state.database import Database
from server.state.summary import Summary, Told, summary, told_since
from server.state.tables import certificate, facts, ledger

EVENT = events.EventRow("appeared", "P2", "d-1", "Frankfurt", 1, 5, 6, "A sentence.", b"{}")
ENTRY = {"stream": "0" * 32, "digest": "", "previous": "", "created_ns": 1, "received_ns": 2}


async def test_nothing_is_zero(database: Database) -> None:
    """An empty database holds nothing, and says so in numbers."""
    assert await summary(database) == Summary(0, 0, 0, 0)
    assert await told_since(database, 0) == []


async def test_only_what_is_stored_counts(database: Database) -> None:
    """Reports in quarantine and their observations are not counted as stored; facts and certificates are, each once."""
    states = [("stored", 25), ("stored", 24), ("quarantined", 7)]
    async with database.writing() as connection:
        await connection.execute(
            insert(ledger), [ENTRY | {"seq": seq, "state": state, "observations": count} for seq, (state, count) in enumerate(states, 1)]
        )
        await connection.execute(insert(facts).values(id="f", kind="web", body=b"{}", first_seen_ns=1, software="", plan=1))
        await connection.execute(insert(certificate), [{"id": name, "der": b"", "first_seen_ns": 1} for name in ("a", "b")])
    told = await summary(database)
    assert told == Summary(reports=2, observations=49, facts=1, certificates=2)
    assert all(type(value) is int for value in (told.reports, told.observations, told.facts, told.certificates))


async def test_events_after_another(database: Database) -> None:
    """Events come oldest first, and only those after the one already read."""
    async with database.writing() as connection:
        for one in (EVENT, replace(EVENT, kind="left", severity="P4", sentence="Gone.", at_ns=9)):
            await events.tell(database, connection, one)
    first, second = await told_since(database, 0)
    assert first == Told(first.id, "appeared", "P2", "Frankfurt", "A sentence.", 5)
    assert second == Told(second.id, "left", "P4", "Frankfurt", "Gone.", 9)
    assert await told_since(database, first.id) == [second]
    assert await told_since(database, second.id) == []
