"""The lease: one holder, a rising epoch, and a commit that fails for everybody else."""

import pytest

from server.state import lease
from server.state.database import Database

SECOND = 10**9


async def take(database: Database, holder: str, now_s: int, held: int = 0) -> int | None:
    """Take or renew for ten seconds."""
    async with database.writing() as transaction:
        return await lease.take(database, transaction, "watcher", holder, now_s * SECOND, (now_s + 10) * SECOND, held)


async def test_taken_renewed_and_taken_over(database: Database) -> None:
    """Renewal keeps the epoch; another gets it when it is over, under the next epoch; the first then has to wait."""
    assert await take(database, "a", 0) == 1
    assert await take(database, "b", 5) is None
    assert await take(database, "a", 9, held=1) == 1
    assert await take(database, "b", 18) is None
    assert await take(database, "b", 19) == 2
    assert await take(database, "a", 20, held=1) is None


async def test_renewed_after_its_time_when_nobody_came(database: Database) -> None:
    """A holder that paused longer than its lease goes on under its epoch if no one took over."""
    assert await take(database, "a", 0) == 1
    assert await take(database, "a", 60, held=1) == 1


async def test_stale_is_taken_before_its_time(database: Database) -> None:
    """What nobody renews is not waited for, whatever its holder's clock promised; the holder finds out at its next transaction."""
    assert await take(database, "a", 3600) == 1
    async with database.writing() as transaction:
        assert await lease.seen(transaction, "watcher") == (1, 3610 * SECOND)
        assert await lease.take(database, transaction, "watcher", "b", 0, 10 * SECOND, 0) is None
        assert await lease.take(database, transaction, "watcher", "b", 0, 10 * SECOND, 0, stale=True) == 2
        with pytest.raises(lease.LeaseLost):
            await lease.confirm(transaction, "watcher", 1)
        assert await lease.seen(transaction, "nobody") == (0, 0)


async def test_an_earlier_life_is_replaced_at_once(database: Database) -> None:
    """A process that comes back under its own name does not wait for itself, and its earlier life cannot commit."""
    assert await take(database, "a", 0) == 1
    assert await take(database, "a", 1) == 2
    async with database.writing() as transaction:
        with pytest.raises(lease.LeaseLost, match="epoch 1 was followed by 2"):
            await lease.confirm(transaction, "watcher", 1)
        await lease.confirm(transaction, "watcher", 2)


async def test_a_lease_nobody_has_is_not_confirmed(database: Database) -> None:
    """No row is no lease."""
    async with database.writing() as transaction:
        with pytest.raises(lease.LeaseLost):
            await lease.confirm(transaction, "watcher", 1)


async def test_given_back(database: Database) -> None:
    """The next need not wait; giving back another's lease does nothing."""
    assert await take(database, "a", 0) == 1
    async with database.writing() as transaction:
        await lease.release(transaction, "watcher", 7)
    assert await take(database, "b", 1) is None
    async with database.writing() as transaction:
        await lease.release(transaction, "watcher", 1)
    assert await take(database, "b", 1) == 2
