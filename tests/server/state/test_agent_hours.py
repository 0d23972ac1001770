"""Reports by agent and hour, on both databases: what was expected, what became of it, and which hours a late report touches."""

from collections.abc import Sequence

from sqlalchemy import insert

from server.collector.ledger import Entry, Head
from server.state import agent_hours, ledger
from server.state.agent_hours import HOUR_NS, AgentHour
from server.state.database import Database
from server.state.tables import agent

S, T = ("0" * 31 + digit for digit in "12")
MINUTE = 60 * 10**9
NOON = 497_000 * HOUR_NS


async def fill(database: Database, seqs: Sequence[int], *, key: str = S, received_ns: int = NOON, last: int = 0) -> None:
    """Store reports of one agent: number n was made n minutes after noon."""
    async with database.writing() as connection:
        await connection.execute(database.insert_or_ignore(agent), {"id": "a", "first_seen_ns": 1, "place": "Porto"})
        head = (await ledger.load_heads(connection, [key])).get(key) or Head(key, "a", stored=False)
        newest = max([*seqs, last, head.last_seq])
        known = Head(key, "a", 0, (), newest, NOON + newest * MINUTE, "", 0, head.stored)
        await ledger.write_heads(connection, [known], received_ns)
        entries = [Entry(seq, "stored", f"d{seq}", "", NOON + seq * MINUTE) for seq in seqs]
        await ledger.write_entries(connection, [(key, one, 1) for one in entries], [], received_ns)


async def counted(database: Database, hour: int = 0) -> AgentHour:
    """Return an hour after noon."""
    async with database.reading() as connection:
        return await agent_hours.count(connection, "a", NOON + hour * HOUR_NS)


async def test_a_whole_hour(database: Database) -> None:
    """What belongs to the next one is not in it; an hour nobody reported in expects nothing."""
    await fill(database, range(1, 100))
    assert await counted(database) == AgentHour("a", "Porto", NOON, 59, 59, 0, 0)
    assert await counted(database, 1) == AgentHour("a", "Porto", NOON + HOUR_NS, 40, 40, 0, 0)
    assert await counted(database, 5) == AgentHour("a", "Porto", NOON + 5 * HOUR_NS, 0, 0, 0, 0)


async def test_what_is_not_there(database: Database) -> None:
    """Dropped and quarantined are told apart from missing; a dropped one that came after all is stored; ranges of no end cost nothing."""
    await fill(database, [seq for seq in range(1, 60) if seq not in {10, 11, 12, 20, 21, 30}])
    async with database.writing() as connection:
        await ledger.note_dropped(database, connection, {S: {(10, 12), (12, 13), (900, 2**53)}}, 1)
        await ledger.write_entries(connection, [(S, Entry(30, "quarantined", "x", "", 0), 0)], [], NOON)
    found = await counted(database)
    assert (found.expected, found.stored, found.quarantined, found.dropped, found.missing) == (59, 53, 1, 3, 2)


async def test_a_gap_belongs_to_the_hour_of_the_report_behind_it(database: Database) -> None:
    """Numbers nobody has are counted where the next report stands, once."""
    await fill(database, [*range(1, 50), *range(70, 80)])
    assert (await counted(database)).expected == 49
    after = await counted(database, 1)
    assert (after.expected, after.stored, after.missing) == (30, 10, 20)


async def test_two_streams_are_one_agent(database: Database) -> None:
    """After a renumbering both count."""
    await fill(database, range(1, 30))
    await fill(database, range(30, 60), key=T)
    found = await counted(database)
    assert (found.stored, found.expected) == (59, 29 + 59)  # the second stream's own first numbers are not there


async def test_which_hours_a_report_touches(database: Database) -> None:
    """Those of what came in the span, and the hour behind a gap that a late one fills."""
    await fill(database, [*range(1, 50), *range(130, 140)], received_ns=NOON)
    await fill(database, [55, 56], received_ns=NOON + HOUR_NS)
    async with database.reading() as connection:
        assert await agent_hours.touched(connection, 0, NOON) == []
        first = await agent_hours.touched(connection, NOON, NOON + 1)
        late = await agent_hours.touched(connection, NOON + HOUR_NS, NOON + 2 * HOUR_NS)
        assert await agent_hours.first_received(connection) == NOON
    assert first == [("a", NOON), ("a", NOON + 2 * HOUR_NS)]
    assert late == [("a", NOON), ("a", NOON + 2 * HOUR_NS)]


async def test_an_empty_ledger(database: Database) -> None:
    """Nothing came yet."""
    async with database.writing() as connection:
        await connection.execute(insert(agent), {"id": "a", "first_seen_ns": 1})
    async with database.reading() as connection:
        assert await agent_hours.first_received(connection) is None
        assert await agent_hours.touched(connection, 0, NOON) == []
