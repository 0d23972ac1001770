"""Events are told once by the constraint of their table."""

from dataclasses import replace

from server.state import events
from server.state.database import Database

EVENT = events.EventRow("appeared", "P2", "d-1", "Frankfurt", 1, 5, 6, "A sentence.", b"{}")


async def test_the_same_event_is_told_once(database: Database) -> None:
    """The second time there is no id, and what was told stays as it was."""
    async with database.writing() as transaction:
        assert await events.tell(database, transaction, EVENT) == 1
        assert await events.tell(database, transaction, replace(EVENT, at_ns=9, sentence="Another.")) is None


async def test_each_part_of_the_identity_counts(database: Database) -> None:
    """Another device, scope, kind or episode is another event."""
    others = [replace(EVENT, device="d-2"), replace(EVENT, scope="Lyon"), replace(EVENT, kind="left"), replace(EVENT, episode=2)]
    async with database.writing() as transaction:
        told = [await events.tell(database, transaction, one) for one in [EVENT, *others]]
    assert None not in told
    assert len({one.identity for one in [EVENT, *others]}) == 5
