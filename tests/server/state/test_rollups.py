"""Holds server/state/rollups.py on both databases: marks, and rows replaced whole."""

from dataclasses import replace

from server.state import rollups
from server.state.database import Database
from server.state.rollups import DayRow, HourRow, Mark, TrendRow

HOUR = rollups.HOUR_NS


def hour(start_ns: int, end_ns: int, kept: bytes = b"k", site: str = "Porto") -> HourRow:
    """Return an hour's row."""
    return HourRow(site, start_ns, end_ns, "Exchange", "direct", kept, b"p")


async def test_marks(database: Database) -> None:
    """Oldest hours first; only the marks that were read are taken away."""
    async with database.writing() as transaction:
        await rollups.mark(transaction, {("Porto", 2 * HOUR), ("Lyon", HOUR)}, 5)
        await rollups.mark(transaction, set(), 5)
    async with database.reading() as transaction:
        read = await rollups.marks(transaction, 2 * HOUR, 10)
        assert [one[1:] for one in read] == [("Lyon", HOUR, 5), ("Porto", 2 * HOUR, 5)]
        assert await rollups.marks(transaction, HOUR, 10) == read[:1]
        assert await rollups.marks(transaction, 2 * HOUR, 1) == read[:1]
    async with database.writing() as transaction:
        await rollups.mark(transaction, {("Porto", 2 * HOUR)}, 6)
        await rollups.unmark(transaction, [one.id for one in read])
        (left,) = await rollups.marks(transaction, 9 * HOUR, 10)
    assert isinstance(left, Mark)
    assert left[1:] == ("Porto", 2 * HOUR, 6)


async def test_hours_and_days(database: Database) -> None:
    """Rows replace what overlaps their stretch, of their site alone; a stretch without rows is emptied."""
    async with database.writing() as transaction:
        await rollups.replace_hours(transaction, "Porto", [(0, HOUR)], [hour(0, HOUR), hour(HOUR, 2 * HOUR)])
        await rollups.replace_hours(transaction, "Lyon", [(0, HOUR)], [hour(0, HOUR, site="Lyon")])
        await rollups.replace_hours(transaction, "Porto", [(HOUR // 2, HOUR)], [hour(HOUR // 2, HOUR, b"new")])
        assert await rollups.hours(transaction, "Porto", 0, 9 * HOUR) == [hour(HOUR // 2, HOUR, b"new"), hour(HOUR, 2 * HOUR)]
        await rollups.replace_hours(transaction, "Porto", [(HOUR, 2 * HOUR)], [])
        assert await rollups.hours(transaction, "Porto", 0, 9 * HOUR) == [hour(HOUR // 2, HOUR, b"new")]
        rows = [DayRow("Porto", 0, 24 * HOUR, "Exchange", "direct", window, b"d") for window in ("24x7", "business")]
        await rollups.replace_days(transaction, "Porto", [(0, 24 * HOUR)], rows)
        await rollups.replace_days(transaction, "Porto", [(0, 24 * HOUR)], rows)
        assert await rollups.days(transaction, "Porto", 0, HOUR) == rows
        assert await rollups.days(transaction, "Porto", 0, HOUR, "business") == rows[1:]
        assert await rollups.sites(transaction) == [("Porto", 0)]
        assert await rollups.hours_at(transaction, "Porto", ("Exchange", "direct"), [HOUR // 2, 5]) == [hour(HOUR // 2, HOUR, b"new")]
        await rollups.tidy(transaction, HOUR, 0, 0)
        assert [row.passing for row in await rollups.hours(transaction, "Porto", 0, 9 * HOUR)] == [b""]
        await rollups.tidy(transaction, HOUR, HOUR, HOUR)
        assert await rollups.hours(transaction, "Porto", 0, 9 * HOUR) == []
        assert await rollups.days(transaction, "Porto", 0, HOUR) == []


async def test_looks(database: Database) -> None:
    """A look keeps its trends in place of those before, and its day."""
    known = TrendRow("Porto", "Exchange", "direct", slower=True, since_ns=5, quiet=0)
    async with database.writing() as transaction:
        await rollups.keep_look(transaction, "Porto", HOUR, 1, [known, replace(known, route="system")])
        await rollups.keep_look(transaction, "Porto", 2 * HOUR, 2, [replace(known, quiet=3)])
        assert await rollups.trends(transaction, "Porto") == [replace(known, quiet=3), replace(known, route="system")]
        assert await rollups.looked_at(transaction) == {"Porto": (2 * HOUR, 2)}
