"""Letters: written once, claimed by one, in each target's own order; those that wait are never deleted."""

from server.state import letters
from server.state.database import Database

SECOND = 10**9


async def write(database: Database, *new: letters.New) -> None:
    """Write letters at time 1."""
    async with database.writing() as transaction:
        await letters.write(database, transaction, new, 1)


def named(key: str, target: str = "noc") -> letters.New:
    """Return a letter."""
    return letters.New(target, key, "opened", "a1", "P2", "Subject", key.encode())


async def test_the_same_key_is_the_same_letter(database: Database) -> None:
    """For a target; for another it is another letter."""
    await write(database, named("k1"), named("k1"), named("k1", "boss"))
    await write(database, named("k1"))
    async with database.reading() as transaction:
        assert await letters.counts(transaction) == {"noc": {"waiting": 1}, "boss": {"waiting": 1}}


async def test_a_claim_is_a_wait(database: Database) -> None:
    """Who claims has it alone for a minute, and the try counts; given back by time, it is the same letter."""
    await write(database, named("k1"), named("k2"), named("k1", "boss"))
    async with database.writing() as transaction:
        assert [one.key for one in await letters.claim(transaction, "noc", 5, 1)] == ["k1"]
        assert [one.key for one in await letters.claim(transaction, "noc", 5, 9)] == ["k2"]
        assert await letters.claim(transaction, "noc", 5 + letters.CLAIM_NS - 1, 9) == []
        again = await letters.claim(transaction, "noc", 5 + letters.CLAIM_NS, 9)
    assert [(one.key, one.tries, one.body) for one in again] == [("k1", 2, b"k1"), ("k2", 2, b"k2")]


async def test_ends(database: Database) -> None:
    """Sent and given up are ends, a postponed one waits; what waits is never pruned."""
    await write(database, named("k1"), named("k2"), named("k3"))
    async with database.writing() as transaction:
        first, second, third = await letters.claim(transaction, "noc", 5, 9)
        await letters.sent(transaction, first.id, 10)
        await letters.give_up(transaction, second.id, 10, "x" * 999)
        await letters.postpone(transaction, third.id, 20, "no answer")
        assert not await letters.is_due(transaction, "noc", 19)
        assert await letters.is_due(transaction, "noc", 20)
        shown = await letters.listed(transaction)
        assert [(one.key, one.state, one.trouble[:9]) for one in shown] == [
            ("k3", "waiting", "no answer"),
            ("k2", "given-up", "xxxxxxxxx"),
            ("k1", "sent", ""),
        ]
        assert [one.key for one in await letters.listed(transaction, state="sent", target="noc", before=third.id, limit=1)] == ["k1"]
        assert await letters.bodies(transaction, [first.id]) == {first.id: b"k1"}
        assert await letters.prune(transaction, 10) == 0
        assert await letters.prune(transaction, 11) == 2
        assert [one.key for one in await letters.listed(transaction)] == ["k3"]
