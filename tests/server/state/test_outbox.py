"""The outbox: one letter per key, due in order, kept until sent."""

from server.state import outbox
from server.state.database import Database


async def put(database: Database, key: str, channel: str = "history") -> None:
    """Put one letter."""
    async with database.writing() as transaction:
        await outbox.put(database, transaction, channel, key, key.encode(), 1)


async def due(database: Database, now_ns: int = 10, limit: int = 10) -> list[tuple[bytes, int]]:
    """Return (body, tries) of what is due."""
    async with database.reading() as transaction:
        return [(one.body, one.tries) for one in await outbox.due(transaction, "history", now_ns, limit)]


async def test_letters_come_in_order_and_once(database: Database) -> None:
    """The same key is the same letter; other channels are not ours."""
    for key in ("a", "b", "a"):
        await put(database, key)
    await put(database, "c", "webhook")
    assert await due(database) == [(b"a", 0), (b"b", 0)]
    assert await due(database, limit=1) == [(b"a", 0)]


async def test_sent_letters_are_gone_and_postponed_ones_wait(database: Database) -> None:
    """A failure counts and waits for its time."""
    await put(database, "a")
    await put(database, "b")
    async with database.writing() as transaction:
        first, second = await outbox.due(transaction, "history", 10, 10)
        await outbox.sent(transaction, [first.id])
        await outbox.postpone(transaction, {second.id: 20})
    assert await due(database, 19) == []
    assert await due(database, 20) == [(b"b", 1)]
