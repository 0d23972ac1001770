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
