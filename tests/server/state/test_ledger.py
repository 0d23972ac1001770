"""The ledger's rows: what is written is read again, by batch, on both databases; and completeness counts true."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import insert, select

from server.collector.ledger import Entry, Head
from server.state import ledger
from server.state.database import Database
from server.state.ledger import AgentHead
from server.state.tables import agent, dropped, stream

S, T, U = ("0" * 31 + digit for digit in "123")


def entry(seq: int, state: str = "stored") -> Entry:
    """Return an entry."""
    return Entry(seq, state, f"d{seq}", f"d{seq - 1}", seq * 10)  # type: ignore[arg-type]


async def write(database: Database, entries: Mapping[str, Collection[Entry]], at_ns: int = 1) -> None:
    """Insert entries of one observation each."""
    async with database.writing() as connection:
        await ledger.write_entries(connection, [(key, one, 1) for key, several in entries.items() for one in several], [], at_ns)


async def note(database: Database, *ranges: tuple[int, int], key: str = S) -> None:
    """Note dropped ranges."""
    async with database.writing() as connection:
        await ledger.note_dropped(database, connection, {key: ranges}, 1)


async def test_heads_are_inserted_updated_and_read(database: Database) -> None:
    """A new stream is inserted, a known one updated, both by one call; unknown streams are not in the answer."""
    new = Head(S, "agent-01", 4, ((6, 7), (9, 9)), 9, 90, "d9", 1, stored=False)
    other = Head(T, "agent-01", stored=False)
    async with database.writing() as connection:
        await ledger.write_heads(connection, [new], 77)
    async with database.writing() as connection:
        grown = replace(new, upto=9, beyond=(), forks=2, stored=True)
        await ledger.write_heads(connection, [grown, other], 78)
        await ledger.write_heads(connection, [], 79)
    async with database.reading() as connection:
        found = await ledger.load_heads(connection, [S, T, U])
        opened = {row.id: row.opened_ns for row in await connection.execute(select(stream))}
    assert found == {S: grown, T: other}
    assert opened == {S: 77, T: 78}
    assert all(head.stored for head in found.values())


async def test_heads_can_be_locked(database: Database) -> None:
    """The locked read gives the same."""
    async with database.writing() as connection:
        await ledger.write_heads(connection, [Head(S, "agent-01", 4, stored=False)], 77)
        assert await ledger.load_heads(connection, [S], lock=True) == await ledger.load_heads(connection, [S])
        assert await ledger.load_heads(connection, []) == {}


async def test_entries_are_read_by_stream_and_number(database: Database) -> None:
    """Only what is asked for; a dropped number without a row is told as dropped, one with a row as what the row says."""
    await write(database, {S: [entry(1), entry(2, "quarantined"), entry(5)], T: [entry(1)]})
    await note(database, (2, 4))
    async with database.reading() as connection:
        found = await ledger.load_entries(connection, {S: {1, 2, 3, 9}, U: {1}})
        assert await ledger.load_entries(connection, {}) == {}
    assert found == {S: {1: entry(1), 2: entry(2, "quarantined"), 3: Entry(3, "dropped", "", "", 0)}, U: {}}


async def test_more_numbers_than_a_statement_takes(database: Database) -> None:
    """A batch of resent backlogs asks for more rows than one SELECT may name."""
    count = ledger.KEYS_PER_SELECT + 10
    await write(database, {S: [entry(seq) for seq in range(1, count + 1)]})
    async with database.reading() as connection:
        found = await ledger.load_entries(connection, {S: range(1, count + 5)})
    assert set(found[S]) == set(range(1, count + 1))


async def test_a_quarantined_row_is_overwritten_by_its_report(database: Database) -> None:
    """The number keeps one row; what it says is the report's."""
    await write(database, {S: [entry(1, "quarantined"), entry(2)]})
    async with database.writing() as connection:
        await ledger.write_entries(connection, [], [(S, entry(1), 25)], 9)
    async with database.reading() as connection:
        assert (await ledger.load_entries(connection, {S: {1, 2}}))[S] == {1: entry(1), 2: entry(2)}


async def test_agents_are_locked_and_written(database: Database) -> None:
    """All that a batch may change of those that are known; a stranger is not there."""
    told = AgentHead(3, 2**62, "Porto", 5.0, lab=True, software="1.2.3")
    async with database.writing() as connection:
        await connection.execute(insert(agent), [{"id": name, "first_seen_ns": 1} for name in ("agent-01", "agent-02")])
        assert await ledger.lock_agents(connection, ["agent-01", "agent-09"]) == {"agent-01": AgentHead()}
        await ledger.write_agents(connection, {"agent-01": told})
        await ledger.write_agents(connection, {})
        assert await ledger.lock_agents(connection, ["agent-01", "agent-02"]) == {"agent-01": told, "agent-02": AgentHead()}


async def test_a_range_told_again_is_one_row(database: Database) -> None:
    """Agents repeat what they dropped until it is receipted."""
    await note(database, (1, 2), (5, 9))
    await note(database, (5, 9), (12, 12))
    await note(database)
    async with database.reading() as connection:
        rows = [(row.first, row.last) for row in await connection.execute(select(dropped).order_by(dropped.c.first))]
    assert rows == [(1, 2), (5, 9), (12, 12)]


async def completeness(database: Database, start_ns: int = 0, end_ns: int = 100) -> dict[str, int]:
    """Return the completeness of agent-01."""
    async with database.reading() as connection:
        return await ledger.completeness(connection, "agent-01", start_ns, end_ns)


async def test_completeness_counts_each_number_once(database: Database) -> None:
    """Of numbers 1 to 10: six stored, one quarantined, two dropped, one missing; a dropped number that came after all is stored."""
    async with database.writing() as connection:
        await ledger.write_heads(connection, [Head(S, "agent-01", stored=False), Head(T, "agent-02", stored=False)], 1)
    await write(database, {S: [entry(seq) for seq in (1, 2, 3, 6, 9, 10)] + [entry(4, "quarantined")], T: [entry(1), entry(50)]})
    await note(database, (3, 5), (8, 8))
    assert await completeness(database) == {"expected": 10, "stored": 6, "quarantined": 1, "dropped": 2, "missing": 1}


async def test_completeness_of_an_hour(database: Database) -> None:
    """Only what was received in the time counts, and the numbers between; another hour's reports in the gap are not missing."""
    async with database.writing() as connection:
        await ledger.write_heads(connection, [Head(S, "agent-01", stored=False), Head(T, "agent-01", stored=False)], 1)
    await write(database, {S: [entry(1), entry(2)]}, at_ns=10)
    await write(database, {S: [entry(3), entry(6)], T: [entry(1)]}, at_ns=20)
    await write(database, {S: [entry(4)]}, at_ns=30)
    assert await completeness(database, 20, 30) == {"expected": 5, "stored": 3, "quarantined": 0, "dropped": 0, "missing": 1}
    assert await completeness(database, 40, 50) == {"expected": 0, "stored": 0, "quarantined": 0, "dropped": 0, "missing": 0}
