"""Holds server/watcher/rollups/watching.py: a site that becomes slower is told once, whoever looks and however often."""

import json

import pytest

from server.fleet.registry import Registry, Site
from server.state import events, lease, rollups
from server.state.database import Database
from server.state.events import EventRow
from server.watcher.leading import LEASE_NS, Leadership
from server.watcher.rollups.watching import TrendDuty, last_day
from tests.fakes.days_kept import DAY_NS, day_rows
from tests.fakes.moments import ns

MARCH = ns("2026-03-03T00:00")
REGISTRY = Registry({"Porto": Site("Porto", zone="UTC")})


class Calendar:
    """A watcher that looks day after day at days that were kept beforehand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now_ns = MARCH
        self.lead = Leadership(database, "one", lambda: self.now_ns)

    async def keep(self, rise: float, before: int = 42, after: int = 40) -> None:
        """Keep days with a change on 3 March."""
        rows = [*day_rows("Porto", "direct", MARCH, before, after, rise), *day_rows("Porto", "system", MARCH, before, after, 1.0)]
        async with self.database.writing() as transaction:
            await rollups.replace_days(transaction, "Porto", [], rows)

    async def keep_return(self, rise: float, until: int, after: int, level: float = 1.0) -> None:
        """Keep days with a change on 3 March that lasts `until` days and is followed by another level."""
        back = MARCH + until * DAY_NS
        rows = [*day_rows("Porto", "direct", MARCH, 60, until, rise), *day_rows("Porto", "direct", back, 0, after - until, level)]
        async with self.database.writing() as transaction:
            await rollups.replace_days(transaction, "Porto", [], rows)

    async def look(self, first: int, last: int) -> list[EventRow]:
        """Look twice each day from `first` to `last` after 3 March, each time as another process would; return what was told so far."""
        for day in range(first, last):
            self.now_ns = MARCH + day * DAY_NS + DAY_NS // 24
            assert await self.lead.lead()
            for _ in range(2):
                await TrendDuty(self.database, REGISTRY).step(self.lead)
        async with self.database.reading() as transaction:
            return [row for _, row in await events.listed(transaction, events.Wanted(), 99)]


async def test_told_once(database: Database) -> None:
    """From the second week on it is known, and told once with the event that fell together with it; six weeks of looks add nothing."""
    calendar = Calendar(database)
    await calendar.keep(1.3)
    moved = EventRow("egress-moved", "P4", "", "Porto", 1, MARCH + DAY_NS, MARCH, "Porto leaves elsewhere.", b"{}")
    async with database.writing() as transaction:
        await events.tell(database, transaction, moved)
    assert len(await calendar.look(0, 7)) == 1
    told = (await calendar.look(7, 20))[0]
    assert (told.kind, told.severity, told.scope, told.episode) == ("latency-regressed", "P3", "Porto", 1)
    assert abs(told.at_ns - MARCH) <= 2 * DAY_NS
    body = json.loads(told.body)
    assert [(one["workload"], one["route"]) for one in body["changes"]] == [("Exchange", "direct")]
    assert [one["kind"] for one in body["together"]] == ["egress-moved"]
    assert "Porto has become slower" in told.sentence
    assert len(await calendar.look(20, 41)) == 2


async def test_its_end_is_told_once(database: Database) -> None:
    """Days that are as before for long enough: told once, with the levels, under the number of what it ends; six weeks more add nothing."""
    calendar = Calendar(database)
    await calendar.keep_return(1.3, 28, 90)
    assert [one.kind for one in await calendar.look(0, 29)] == ["latency-regressed"]
    told = await calendar.look(29, 91)
    assert [(one.kind, one.episode) for one in told] == [("latency-recovered", 1), ("latency-regressed", 1)]
    (level,) = json.loads(told[0].body)["levels"]
    assert (level["workload"], level["route"], level["agents"]) == ("Exchange", "direct", 3)
    assert level["now_ms"] == pytest.approx(level["before_ms"], rel=0.05)
    assert told[0].sentence.startswith("Porto is as fast again as before it became slower on ")
    assert told[1].at_ns < told[0].at_ns
    assert told[0].severity == "P4"


async def test_a_level_that_stays_becomes_the_usual_one(database: Database) -> None:
    """Nothing before it is known any more: that closes it, recorded and told to nobody."""
    calendar = Calendar(database)
    await calendar.keep(1.3, 60, 120)
    told = await calendar.look(0, 121)
    assert [(one.kind, one.severity) for one in told] == [("latency-usual", "none"), ("latency-regressed", "P3")]
    assert "has not come back and counts as usual from now on. Exchange by direct: p95 " in told[0].sentence


async def test_what_is_measured_no_more_ends(database: Database) -> None:
    """A way without days for twelve weeks keeps no alert open for ever."""
    calendar = Calendar(database)
    rows = [*day_rows("Porto", "direct", MARCH, 42, 20, 1.3), *day_rows("Porto", "system", MARCH, 42, 130, 1.0)]
    async with database.writing() as transaction:
        await rollups.replace_days(transaction, "Porto", [], rows)
    told = await calendar.look(0, 131)
    assert [one.kind for one in told] == ["latency-usual", "latency-regressed"]
    assert "Exchange by direct: measured no more." in told[0].sentence


async def test_one_end_for_all_ways(database: Database) -> None:
    """While another way of the site is still slower nothing is told of one that is not."""
    calendar = Calendar(database)
    await calendar.keep_return(1.3, 28, 90)
    async with database.writing() as transaction:
        await rollups.replace_days(transaction, "Porto", [], day_rows("Porto", "system", MARCH, 60, 90, 1.4))
    assert {one.kind for one in await calendar.look(0, 66)} == {"latency-regressed"}
    async with database.reading() as transaction:
        assert [(one.route, one.slower) for one in await rollups.trends(transaction, "Porto")] == [("direct", False), ("system", True)]


async def test_noise_is_not_told(database: Database) -> None:
    """Days without a change tell nothing."""
    calendar = Calendar(database)
    await calendar.keep(1.0)
    assert await calendar.look(0, 41) == []


async def test_only_the_leader(database: Database) -> None:
    """A watcher that lost its lease tells nothing, and leaves the day to who has it."""
    calendar = Calendar(database)
    await calendar.keep(1.5)
    calendar.now_ns = MARCH + 30 * DAY_NS
    assert await calendar.lead.lead()
    calendar.now_ns += LEASE_NS
    other = Leadership(database, "other", lambda: calendar.now_ns)
    assert await other.lead()
    with pytest.raises(lease.LeaseLost):
        await TrendDuty(database, REGISTRY).step(calendar.lead)
    async with database.reading() as transaction:
        assert await rollups.looked_at(transaction) == {}
    await TrendDuty(database, REGISTRY).step(other)
    async with database.reading() as transaction:
        assert (await rollups.looked_at(transaction))["Porto"][1] == 1


def test_last_day() -> None:
    """A day is looked at twenty minutes after its end, by the site's own clock."""
    midnight = ns("2026-03-03T18:30")
    assert last_day(midnight + 20 * 60 * 10**9, "Asia/Kolkata") == (midnight - DAY_NS, midnight)
    assert last_day(midnight + 20 * 60 * 10**9 - 1, "Asia/Kolkata") == (midnight - 2 * DAY_NS, midnight - DAY_NS)
