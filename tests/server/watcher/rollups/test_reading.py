"""Holds server/watcher/rollups/reading.py: rows as they were written, ranges merged, hours marked, a table that stays as it is."""

import csv
import io
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server.history.embedded import Embedded
from server.state import events, rollups
from server.state.database import Database
from server.state.events import EventRow
from server.state.rollups import HourRow
from server.watcher.rollups.local_time import HOUR_NS, hours_within
from server.watcher.rollups.points import day_point, hour_point
from server.watcher.rollups.reading import (
    COLUMNS,
    Row,
    Wanted,
    changes_at,
    csv_of,
    recompute,
    rows_of,
    sites_with_days,
    usual_hours,
    whole_of,
)
from server.watcher.rollups.tally import LASTING, Key, Tally, pack, unpack
from tests.fakes.days_kept import DAY_NS, day_rows
from tests.fakes.moments import ns

MARCH = ns("2026-03-03T00:00")
KEY = Key("Exchange", "direct")


def tally(samples: int = 30, level: float = 100.0) -> Tally:
    """Return a tally of equal times."""
    made = Tally(count=samples, reached=samples, agents=1, hours=1)
    for _ in range(samples):
        made.add("total_ms", level)
    return made


async def test_rows(tmp_path: Path) -> None:
    """Rows of one grain come in their order, chosen by any of their names."""
    history = Embedded(tmp_path / "history.db", clock=lambda: MARCH)
    points = [day_point(site, KEY, "24x7", MARCH + day * DAY_NS, tally()) for site in ("Porto", "Lyon") for day in (1, 0)]
    points += [day_point("Porto", KEY, "business", MARCH, tally()), hour_point("Porto", KEY, MARCH, tally())]
    assert await history.write("mw_rollup", points) == []
    every = await rows_of(history, Wanted("day", MARCH, MARCH + 2 * DAY_NS))
    assert [(row.start_ns - MARCH, row.site, row.window) for row in every] == [
        (0, "Lyon", "24x7"),
        (0, "Porto", "24x7"),
        (0, "Porto", "business"),
        (DAY_NS, "Lyon", "24x7"),
        (DAY_NS, "Porto", "24x7"),
    ]
    some = await rows_of(history, Wanted("day", MARCH, MARCH + DAY_NS, "Porto", "Exchange", "direct", "business"))
    assert [(row.place, row.figures["count"]) for row in some] == [((MARCH, "Porto", "Exchange", "direct", "business"), 30)]
    assert [row.window for row in await rows_of(history, Wanted("hour", MARCH, MARCH + 1, "Porto"))] == [""]
    await history.close()


def test_csv() -> None:
    """Columns have their names and order for ever; times say their offset; what cannot be said is empty; no name becomes a formula."""
    assert COLUMNS[:9] == ("site", "workload", "route", "window", "start_utc", "start_local", "count", "reached", "judged")
    row = Row('=HYPERLINK("x")', "Exchange", "direct", "24x7", MARCH, {"count": 3, "availability": 1.0})
    text = csv_of([row], lambda _: ZoneInfo("Asia/Kolkata"))
    (found,) = csv.DictReader(io.StringIO(text.decode()))
    assert (found["start_utc"], found["start_local"]) == ("2026-03-03T00:00:00+00:00", "2026-03-03T05:30:00+05:30")
    assert (found["count"], found["availability"], found["total_ms_p95"]) == ("3", "1.0", "")
    assert found["site"] == '\'=HYPERLINK("x")'


async def test_whole_range(database: Database) -> None:
    """Percentiles of thirty days are those of all their samples together."""
    rows = day_rows("Porto", "direct", MARCH, 0, 30, 1.0)
    async with database.writing() as transaction:
        await rollups.replace_days(transaction, "Porto", [], [*rows, *day_rows("Porto", "system", MARCH, 0, 3, 1.0)])
    found = await whole_of(database, Wanted("day", MARCH, MARCH + 30 * DAY_NS, "Porto", route="direct", window="24x7"))
    together = Tally()
    for row in rows:
        together.merge(unpack(row.kept, LASTING))
    assert {key: one.figures() for key, one in found.items()} == {KEY: together.figures()}
    assert await sites_with_days(database) == ["Porto"]


async def test_usual_hours(database: Database) -> None:
    """Hours stand beside what is usual at their time of the week; without enough weeks nothing is usual."""
    zone = ZoneInfo("UTC")
    rows = []
    for hour in hours_within(MARCH - 28 * DAY_NS, MARCH + HOUR_NS, zone):
        level = 200.0 if hour.start_ns == MARCH else 100.0
        rows.append(HourRow("Porto", *hour, *KEY, pack(tally(level=level), LASTING), b""))
    async with database.writing() as transaction:
        await rollups.replace_hours(transaction, "Porto", [], rows)
    wanted = Wanted("hour", MARCH, MARCH + 2 * HOUR_NS, "Porto", *KEY)
    (_, now, usual), (_, nothing, later) = await usual_hours(database, wanted, zone)
    assert now is not None
    assert usual is not None
    assert now.figures()["total_ms_p95"] == pytest.approx(200, rel=0.01)
    assert usual.p95_ms == pytest.approx(100, rel=0.01)
    assert (usual.weeks, nothing, later is not None) == (4, None, True)
    early = Wanted("hour", MARCH - 20 * DAY_NS, MARCH - 20 * DAY_NS + HOUR_NS, "Porto", *KEY)
    assert (await usual_hours(database, early, zone))[0][2] is None


async def test_changes(database: Database) -> None:
    """What has changed is listed with the events of the same days."""
    async with database.writing() as transaction:
        await rollups.replace_days(transaction, "Porto", [], day_rows("Porto", "direct", MARCH, 42, 30, 1.4))
        await events.tell(database, transaction, EventRow("appeared", "P2", "d", "Porto", 1, MARCH, MARCH, "A device.", b"{}"))
    ((found, with_it),) = await changes_at(database, "Porto", ZoneInfo("UTC"), MARCH + 30 * DAY_NS)
    assert found.change.percent == pytest.approx(40, abs=8)
    assert [one.kind for one in with_it] == ["appeared"]


async def test_recompute(database: Database) -> None:
    """Every hour that has a part in the range is marked."""
    assert await recompute(database, "Porto", MARCH + 1, MARCH + 3 * HOUR_NS, 7) == 3
    async with database.reading() as transaction:
        assert [one.hour_ns - MARCH for one in await rollups.marks(transaction, MARCH + DAY_NS, 9)] == [0, HOUR_NS, 2 * HOUR_NS]
