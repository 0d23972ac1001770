"""Standing as rows, on both databases: what was written is read back, and asked for by time."""

from server.collector.standing import Open, Standing, Stretch
from server.state import standing
from server.state.database import Database

A, B = "agent-01", "agent-02"


async def fill(database: Database) -> None:
    """Write three stretches, one of them over."""
    async with database.writing() as transaction:
        begun = [Stretch(A, "clock", 10, 0, "90 s ahead"), Stretch(A, "dropping", 20, 0, ""), Stretch(B, "clock", 30, 0, "")]
        await standing.write(database, transaction, [*begun, Stretch(A, "clock", 10, 15, "90 s ahead")])
        await standing.write_words(database, transaction, {A: Standing(plan=3, roots={"os": ("x", "y")}, since_ns=9, told=True)})


async def test_what_goes_on(database: Database) -> None:
    """Open stretches by agent, and of one kind; the word of an agent that never spoke is no word."""
    await fill(database)
    async with database.reading() as transaction:
        assert [(one.agent, one.kind) for one in await standing.going_on(transaction)] == [(A, "dropping"), (B, "clock")]
        assert await standing.going_on(transaction, ["clock"]) == [Stretch(B, "clock", 30, 0, "")]
        found = await standing.load(transaction, [A, B, "agent-03"])
        assert await standing.plans(transaction) == {A: 3}
    assert found[A] == Standing({"dropping": Open(20, "")}, 3, {"os": ("x", "y")}, 9, told=True)
    assert found[B] == Standing({"clock": Open(30, "")})
    assert found["agent-03"] == Standing()


async def test_what_touches_a_time(database: Database) -> None:
    """A stretch touches a time it overlaps by a nanosecond; one that goes on touches all that comes."""
    await fill(database)
    async with database.reading() as transaction:
        assert await standing.during(transaction, [A], 16, 19) == []
        assert [one.kind for one in await standing.during(transaction, [A], 15, 19)] == ["clock"]
        assert [one.kind for one in await standing.during(transaction, [A, B], 0, 20)] == ["clock", "dropping"]
        assert [one.agent for one in await standing.during(transaction, [A, B], 99, 100)] == [A, B]


async def test_written_again(database: Database) -> None:
    """The same rows twice are the same rows; a newer word replaces the older one."""
    await fill(database)
    await fill(database)
    async with database.writing() as transaction:
        await standing.write_words(database, transaction, {A: Standing(plan=4, since_ns=12, told=True)})
        await standing.write_words(database, transaction, {})
    async with database.reading() as transaction:
        assert await standing.plans(transaction) == {A: 4}
        assert (await standing.load(transaction, [A]))[A].since_ns == 12
