"""Ways as rows, on both databases: the newest of each kind is read back."""

from server.collector.ways import Way
from server.state import ways
from server.state.database import Database


async def test_the_newest_way_stands(database: Database) -> None:
    """By agent and kind; who said nothing has none; writing nothing is fine."""
    first = Way("Porto", "AS4200000001", "203.0.113.7", "One", 4_200_000_001, 5, 1)
    second = Way("Porto", "AS64500", "203.0.113.7", "Two", 64500, 9, 2)
    door = Way("Porto", "FRA", "FRA", "", 0, 5, 2)
    async with database.writing() as transaction:
        await ways.write(database, transaction, {("a", "egress"): first, ("a", "front-door"): door})
        await ways.write(database, transaction, {("a", "egress"): second})
        await ways.write(database, transaction, {})
    async with database.reading() as transaction:
        assert await ways.load(transaction, ["a", "b"]) == {"a": {"egress": second, "front-door": door}, "b": {}}
        assert await ways.everybody(transaction) == [("a", "egress", second), ("a", "front-door", door)]


async def test_the_mark_tells_a_change(database: Database) -> None:
    """A way taken once, taken again, and another one: each time it differs."""
    marks = []
    async with database.writing() as transaction:
        for way in (None, Way("Porto", "A", "a", "", 0, 5, 1), Way("Porto", "A", "a", "", 0, 5, 2), Way("Porto", "B", "b", "", 0, 9, 2)):
            if way:
                await ways.write(database, transaction, {("a", "egress"): way})
            marks.append(await ways.mark(transaction))
    assert marks == [(0, 0, 0), (1, 5, 1), (1, 5, 2), (1, 9, 2)]
