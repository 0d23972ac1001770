"""Holds server/watcher/rollups/duty.py: exact again and again, over late data, interruptions and two watchers."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from server.fleet.registry import Registry, Site
from server.history.embedded import Embedded
from server.history.influx import Influx
from server.history.port import Bucket, Point, Unavailable
from server.state import lease, rollups
from server.state.database import Database
from server.state.rollups import DayRow, HourRow
from server.watcher.leading import LEASE_NS, Leadership
from server.watcher.rollups.due import GRACE_NS
from server.watcher.rollups.duty import DAY_NS, DAYS_NS, HOURS_NS, PASSING_NS, RollupDuty
from server.watcher.rollups.local_time import HOUR_NS
from server.watcher.rollups.tally import FIGURES
from tests.fakes.moments import ns
from tests.fakes.probes_stored import MINUTE_NS, probes
from tests.servers.influx import Influx as InfluxServer

MONDAY = ns("2026-11-23T00:00")
REGISTRY = Registry({"Porto": Site("Porto", zone="Europe/Lisbon"), "Pune": Site("Pune", zone="Asia/Kolkata")})
Kept = tuple[list[HourRow], list[DayRow], list[Point]]


class Desk:
    """A watcher's place of work: stores, a clock, and what is in them."""

    def __init__(self, database: Database, history: Embedded | Influx) -> None:
        self.database, self.history = database, history
        self.now_ns = MONDAY + 2 * DAY_NS
        self.lead = Leadership(database, "one", lambda: self.now_ns)
        self.duty = RollupDuty(database, history, REGISTRY)

    async def store(self, site: str, agent: str, first_ns: int, last_ns: int, seed: int = 0) -> None:
        """Store probes as a collector does: points first, then the marks."""
        assert await self.history.write("mw_raw", list(probes(site, agent, first_ns, last_ns, seed))) == []
        async with self.database.writing() as transaction:
            touched = {(site, at_ns // HOUR_NS * HOUR_NS) for at_ns in range(first_ns, last_ns, MINUTE_NS)}
            await rollups.mark(transaction, touched, self.now_ns - DAY_NS)

    async def step(self) -> None:
        """Do what is due."""
        assert await self.lead.lead()
        await self.duty.step(self.lead)

    async def kept(self, site: str) -> Kept:
        """Return all rows and points there are of a site."""
        async with self.database.reading() as transaction:
            hours = await rollups.hours(transaction, site, 0, 2 * MONDAY)
            days = await rollups.days(transaction, site, 0, 2 * MONDAY)
        points = []
        for measurement in ("rollup_hour", "rollup_day"):
            found = self.history.samples("mw_rollup", measurement, list(FIGURES), {"site": site}, 0, 2 * MONDAY)
            points += [point async for piece in found for point in piece]
        return hours, days, sorted(points, key=lambda one: (one.measurement, one.tags, one.time_ns))

    async def due(self) -> int:
        """Return how many marks there are."""
        async with self.database.reading() as transaction:
            return len(await rollups.marks(transaction, 2 * MONDAY, 9999))


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    """Give a desk over empty stores."""
    history = Embedded(tmp_path / "history.db", clock=lambda: MONDAY + 2 * DAY_NS)
    yield Desk(database, history)
    await history.close()


async def test_a_morning(desk: Desk) -> None:
    """Three hours become rows and points of hours, and of the day by window, with the figures of what was measured."""
    await desk.store("Porto", "a1", MONDAY + 7 * HOUR_NS, MONDAY + 10 * HOUR_NS)
    await desk.step()
    hours, days, points = await desk.kept("Porto")
    assert [(row.start_ns - MONDAY) // HOUR_NS for row in hours] == [7, 7, 8, 8, 9, 9]
    assert {row.window for row in days} == {"24x7", "business", "out-of-hours", "work-week-business", "work-week-out-of-hours"}
    by_tags = {point.tags: point.fields for point in points if point.measurement == "rollup_day"}
    taxed = by_tags[("route", "system"), ("site", "Porto"), ("window", "24x7"), ("workload", "Exchange")]
    assert (taxed["count"], taxed["availability"], taxed["inspected_share"], taxed["hours"]) == (180, 1.0, 1.0, 3)
    assert taxed["tax_ms_p50"] == pytest.approx(10, abs=2)
    assert by_tags[("route", "direct"), ("site", "Porto"), ("window", "business"), ("workload", "Exchange")]["count"] == 120
    raw = [point for point in probes("Porto", "a1", MONDAY + 7 * HOUR_NS, MONDAY + 10 * HOUR_NS) if ("route", "system") in point.tags]
    totals = sorted(float(point.fields["total_ms"]) for point in raw if "total_ms" in point.fields)
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        assert taxed[f"total_ms_{name}"] == pytest.approx(totals[int(q * (len(totals) - 1))], rel=0.01 * (1 + 1e-9))
    assert await desk.due() == 0


async def test_half_an_hour_off(desk: Desk) -> None:
    """In India an UTC hour is half of two local hours; each is summed up whole."""
    await desk.store("Pune", "a1", MONDAY + 3 * HOUR_NS, MONDAY + 4 * HOUR_NS)
    await desk.store("Pune", "a2", MONDAY + 4 * HOUR_NS, MONDAY + 5 * HOUR_NS)
    await desk.step()
    hours, days, points = await desk.kept("Pune")
    direct = [point for point in points if ("route", "direct") in point.tags and point.measurement == "rollup_hour"]
    assert [(point.time_ns - MONDAY) / HOUR_NS for point in direct] == [2.5, 3.5, 4.5]
    assert [(point.fields["count"], point.fields["agents"]) for point in direct] == [(30, 1), (60, 2), (30, 1)]
    assert len(hours) == 6
    assert {row.start_ns for row in days} == {MONDAY - HOUR_NS * 11 // 2}


async def test_late_data(desk: Desk) -> None:
    """What comes late makes hours and days exactly what they would have been; what is done again stays the same, to the byte."""
    await desk.store("Porto", "a1", MONDAY + 7 * HOUR_NS, MONDAY + 10 * HOUR_NS)
    await desk.step()
    before = await desk.kept("Porto")
    await desk.store("Porto", "a2", MONDAY + 8 * HOUR_NS + 20 * MINUTE_NS, MONDAY + 9 * HOUR_NS)
    await desk.step()
    late = await desk.kept("Porto")
    assert late != before
    async with desk.database.writing() as transaction:
        await rollups.mark(transaction, {("Porto", MONDAY + hour * HOUR_NS) for hour in range(24)}, 0)
    await desk.step()
    assert await desk.kept("Porto") == late
    fresh = await desk.kept("Porto")
    async with desk.database.writing() as transaction:
        await rollups.tidy(transaction, 2 * MONDAY, 2 * MONDAY, 2 * MONDAY)
        await rollups.mark(transaction, {("Porto", MONDAY + hour * HOUR_NS) for hour in range(24)}, 0)
    assert (await desk.kept("Porto"))[0] == []
    await desk.step()
    assert await desk.kept("Porto") == fresh


@pytest.mark.parametrize("cut", ["before the history", "before the commit"])
async def test_cut_short(desk: Desk, cut: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher killed between two of its writes leaves the marks: done again, all is as if it had never been cut."""
    await desk.store("Porto", "a1", MONDAY + 7 * HOUR_NS, MONDAY + 9 * HOUR_NS)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        target, name = (desk.history, "write") if cut == "before the history" else (desk.lead, "writing")
        patch.setattr(target, name, killed)
        with pytest.raises(KeyboardInterrupt):
            await desk.step()
    assert (await desk.kept("Porto"))[:2] == ([], [])
    assert await desk.due() == 2
    await desk.step()
    done = await desk.kept("Porto")
    async with desk.database.writing() as transaction:
        await rollups.mark(transaction, {("Porto", MONDAY + hour * HOUR_NS) for hour in (7, 8)}, 0)
    await desk.step()
    assert await desk.kept("Porto") == done


async def test_a_mark_set_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector that stores late data while its hour is being summed up is not overlooked."""
    await desk.store("Porto", "a1", MONDAY + 7 * HOUR_NS, MONDAY + 8 * HOUR_NS)
    write = desk.history.write

    async def late(*arguments: object) -> list[object]:
        monkeypatch.undo()
        await desk.store("Porto", "a2", MONDAY + 7 * HOUR_NS, MONDAY + 8 * HOUR_NS)
        return list(await write(*arguments))  # type: ignore[arg-type]

    monkeypatch.setattr(desk.history, "write", late)
    await desk.step()
    assert await desk.due() == 1
    await desk.step()
    point = (await desk.kept("Porto"))[2][-1]
    assert (point.fields["agents"], await desk.due()) == (2, 0)


async def test_two_watchers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher that lost its lease unawares and writes older figures over newer ones has its hours marked again: the newer ones win."""
    await desk.store("Porto", "a1", MONDAY + 7 * HOUR_NS, MONDAY + 8 * HOUR_NS)
    other = Leadership(desk.database, "other", lambda: desk.now_ns)
    write = desk.history.write
    newer: list[Kept] = []

    async def slow(*arguments: object) -> list[object]:
        monkeypatch.undo()
        desk.now_ns += LEASE_NS
        assert await other.lead()
        await desk.store("Porto", "a2", MONDAY + 7 * HOUR_NS, MONDAY + 8 * HOUR_NS)
        await RollupDuty(desk.database, desk.history, REGISTRY).step(other)
        newer.append(await desk.kept("Porto"))
        return list(await write(*arguments))  # type: ignore[arg-type]

    monkeypatch.setattr(desk.history, "write", slow)
    with pytest.raises(lease.LeaseLost):
        await desk.step()
    assert await desk.kept("Porto") != newer[0]
    desk.now_ns += GRACE_NS
    assert await other.lead()
    await RollupDuty(desk.database, desk.history, REGISTRY).step(other)
    assert await desk.kept("Porto") == newer[0]
    assert await desk.due() == 0


async def test_older_than_raw_points(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """An hour whose raw points may be gone is not summed up from what is left; that is said, and the mark goes."""
    async with desk.database.writing() as transaction:
        await rollups.mark(transaction, {("Porto", MONDAY - 13 * DAY_NS)}, 0)
    await desk.step()
    assert await desk.due() == 0
    assert "1 hours of Porto are older than raw points are kept" in caplog.text


async def test_a_store_that_cannot_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of the store's own at one site is told and tried again; it stops neither the watcher nor the other sites."""
    for site in ("Porto", "Pune"):
        await desk.store(site, "a1", MONDAY + 7 * HOUR_NS, MONDAY + 8 * HOUR_NS)
    samples = desk.history.samples

    def limited(
        bucket: Bucket, measurement: str, fields: list[str], where: dict[str, str], *span: int
    ) -> AsyncGenerator[list[Point], None]:
        if where["site"] == "Porto":
            raise ValueError("history: InfluxDB cannot answer (max-select-point limit exceeded)")
        return samples(bucket, measurement, fields, where, *span)

    with monkeypatch.context() as patch:
        patch.setattr(desk.history, "samples", limited)
        with pytest.raises(Unavailable, match=r"rollups of Porto wait: .*max-select-point"):
            await desk.step()
    assert (await desk.due(), len((await desk.kept("Pune"))[0])) == (1, 4)
    await desk.step()
    assert await desk.due() == 0


async def test_retention(desk: Desk) -> None:
    """Phases that only days need go after 16 days, hours after 90, days after 25 months."""
    await desk.store("Porto", "a1", MONDAY + 7 * HOUR_NS, MONDAY + 8 * HOUR_NS)
    await desk.step()
    full = await desk.kept("Porto")
    for later_ns, passing, hours, days in ((PASSING_NS, False, True, True), (HOURS_NS, False, False, True), (DAYS_NS, False, False, False)):
        desk.now_ns = MONDAY + 8 * HOUR_NS + later_ns
        await desk.step()
        kept = await desk.kept("Porto")
        assert [bool(row.passing) for row in kept[0]] == [passing] * len(full[0] if hours else [])
        assert kept[1] == (full[1] if days else [])


async def test_on_influxdb(desk: Desk, influx: InfluxServer) -> None:
    """A real InfluxDB gives and keeps the same as the embedded history: rows to the byte, points field by field."""
    first_ns = time.time_ns() // DAY_NS * DAY_NS - DAY_NS
    desk.now_ns = first_ns + 2 * DAY_NS
    real = Desk(desk.database, Influx(influx.fresh()))
    embedded = Desk(desk.database, desk.history)
    found: list[Kept] = []
    for one in (embedded, real):
        one.now_ns = desk.now_ns + len(found) * LEASE_NS
        await one.store("Porto", "a1", first_ns, first_ns + 2 * HOUR_NS)
        await one.step()
        found.append(await one.kept("Porto"))
        async with one.database.writing() as transaction:
            await rollups.tidy(transaction, 2 * MONDAY, 2 * MONDAY, 2 * MONDAY)
    await real.history.close()
    assert found[0][0]
    assert found[0] == found[1]
