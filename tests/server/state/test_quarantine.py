"""Quarantine: bytes as they came, bounded in size and age with the drops counted, marked and released by number."""

import pytest

from server.state import counters, quarantine
from server.state.database import Database
from server.state.quarantine import DROPS, MAX_AGE_NS, MAX_BYTES, Kept

EVERY_BYTE = bytes(range(256))


async def keep(database: Database, *things: Kept, at_ns: int = 1) -> None:
    """Store things."""
    async with database.writing() as connection:
        await quarantine.keep(connection, things, at_ns)


def thing(seq: int, size: int = 10, kind: str = "report") -> Kept:
    """Return one thing of so many bytes."""
    return Kept(kind, "topic", "agent-01", "0" * 32, seq, "not JSON", b"x" * size)  # type: ignore[arg-type]


async def ids(database: Database) -> list[int]:
    """Return the numbers of what is kept, newest first."""
    return [one.seq for one in await quarantine.listed(database)]


async def test_bytes_come_back_as_they_came(database: Database) -> None:
    """All 256 of them; the list leaves them out; too long a word is cut to its column."""
    await keep(database, Kept("report", "t" * 300, "a" * 70, "s" * 40, 7, "r" * 300, EVERY_BYTE), at_ns=5)
    (one,) = await quarantine.fetch(database, [1])
    assert one == Kept("report", "t" * 256, "a" * 63, "s" * 32, 7, "r" * 256, EVERY_BYTE, 5, 1)
    assert [listed.data for listed in await quarantine.listed(database)] == [b""]
    await keep(database)
    assert await quarantine.fetch(database, [2]) == []


async def test_newest_are_listed_first_up_to_a_limit(database: Database) -> None:
    """A screenful, not a gigabyte."""
    await keep(database, *[thing(seq) for seq in range(1, 6)])
    assert [one.seq for one in await quarantine.listed(database, 3)] == [5, 4, 3]


async def test_marking_and_unmarking(database: Database) -> None:
    """Marked things are fetched, oldest first; the count tells which were there; kind `raw` cannot be marked."""
    await keep(database, thing(1), thing(2, kind="point"), thing(3), thing(4, kind="raw"))
    assert await quarantine.mark_for_replay(database, [3, 2, 4, 99]) == 2
    assert [(one.seq, one.replay) for one in await quarantine.fetch(database)] == [(2, True), (3, True)]
    await quarantine.unmark(database, [2])
    await quarantine.release(database, [3])
    assert await quarantine.fetch(database) == []
    assert await ids(database) == [4, 2, 1]
    await quarantine.unmark(database, [])
    await quarantine.release(database, [])


async def test_a_hundred_are_fetched_at_a_time(database: Database) -> None:
    """So that a replay of everything does not fill the memory."""
    await keep(database, *[thing(seq) for seq in range(1, 151)])
    await quarantine.mark_for_replay(database, range(1, 151))
    assert [one.seq for one in await quarantine.fetch(database)] == list(range(1, 101))


async def test_what_is_too_old_is_dropped(database: Database) -> None:
    """Seven days, to the nanosecond; the drops are counted for ever."""
    await keep(database, thing(1), at_ns=100)
    await keep(database, thing(2), at_ns=101)
    assert await quarantine.trim(database, 100 + MAX_AGE_NS) == 0
    assert await quarantine.trim(database, 101 + MAX_AGE_NS) == 1
    assert await ids(database) == [2]
    assert (await counters.read(database))[DROPS] == 1


async def test_what_is_too_much_is_dropped_oldest_first(database: Database) -> None:
    """Down to the bound and not a row further."""
    await keep(database, *[thing(seq, 100) for seq in range(1, 11)])
    assert await quarantine.trim(database, 1, max_bytes=1000) == 0
    assert await quarantine.trim(database, 1, max_bytes=999) == 1
    assert await quarantine.trim(database, 1, max_bytes=450) == 5
    assert await ids(database) == [10, 9, 8, 7]
    assert await quarantine.trim(database, 1, max_bytes=0) == 4
    assert (await counters.read(database))[DROPS] == 10


async def test_thousands_of_small_things_are_dropped(database: Database) -> None:
    """More than one statement names: all that is over goes in one call."""
    await keep(database, *[thing(seq, 1) for seq in range(1, 2501)])
    assert await quarantine.trim(database, 1, max_bytes=10) == 2490


def test_the_bounds_are_the_promised_ones() -> None:
    """1 GiB and 7 days, as the operator's guide says."""
    assert (MAX_BYTES, MAX_AGE_NS) == (2**30, 7 * 24 * 3600 * 10**9)


async def test_nothing_is_kept_of_a_transaction_that_fails(database: Database) -> None:
    """Quarantine is part of the batch's commit."""

    async def half() -> None:
        async with database.writing() as connection:
            await quarantine.keep(connection, [thing(1)], 1)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await half()
    assert await ids(database) == []
