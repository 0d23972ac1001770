"""Holds demo/fleet/sending.py, also against a real centre with its embedded broker: all is stored once, whole, and judged as meant."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agent.config import Broker
from demo.fleet.bodies import Bodies
from demo.fleet.sending import HOUR_NS, Fleet, Rhythm
from demo.fleet.sites import simulated_sites
from server.config import Settings
from server.run import Server, serving
from server.state import ledger
from server.state.database import Database
from server.state.summary import summary
from tests.demo.fleet.conftest import Minted
from tests.fakes.centre import Centre, running_centre
from wire.receipt import Receipt
from wire.report import Report

PATIENCE_S = 60.0
"""Far beyond anything here, so that a fault ends the test."""
LOGIN = "collector", "a password of this test"


def settings(folder: Path, minted: Minted) -> Settings:
    """Return a centre that needs no server and takes lab agents under the demo's root."""
    sections: dict[str, dict[str, Any]] = {
        "broker": {"url": "mqtt://127.0.0.1:0", "embedded": True, "password": LOGIN[1]},
        "history": {"kind": "embedded", "path": folder / "history.db"},
        "state": {"url": f"sqlite+aiosqlite:///{folder}/state.db"},
        "collector": {"accept_lab_agents": True, "public_roots": minted.public_roots},
        "console": {"listen": "127.0.0.1:0"},
    }
    return Settings.model_validate(sections)


@asynccontextmanager
async def sending(fleet: Fleet, port: int, login: tuple[str, str] = ("", "")) -> AsyncIterator[asyncio.Event]:
    """Run a fleet while the body runs; give what is set when it is connected."""
    connected = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        broker = Broker("127.0.0.1", port, "3.1.1", tls=False)
        task = group.create_task(fleet.run(broker, login, None, connected.set), name="fleet")
        try:
            yield connected
        finally:
            task.cancel()


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not await met():  # noqa: ASYNC110 - what is waited for is on the other side of a socket
            await asyncio.sleep(0.02)


async def counted(database: Database, agents: list[str]) -> Counter[str]:
    """Return what the ledger says of these agents together."""
    found: Counter[str] = Counter()
    async with database.reading() as connection:
        for agent in agents:
            found.update(await ledger.completeness(connection, agent, 0, 2**62))
    return found


async def test_a_real_centre_stores_all_once(tmp_path: Path, minted: Minted) -> None:
    """Past and present of each agent are in the ledger without a gap, each site under its name, the devices named, nothing twice."""
    sites = simulated_sites(60)
    fleet = Fleet(sites, minted.bodies(), Rhythm(2.0, backlog_hours=3))
    async with serving(settings(tmp_path, minted)) as server:
        async with sending(fleet, server.broker_port, LOGIN):
            await until(lambda: _told_all(server, fleet, 60 * 5))
        agents = [site.agent for site in sites]
        await until(lambda: _whole(server, agents))
        counts = await counted(server.database, agents)
        assert counts["expected"] == counts["stored"] >= 60 * 5
        assert counts["missing"] == counts["dropped"] == counts["quarantined"] == 0
        await _judged_as_meant(server)


async def _told_all(server: Server, fleet: Fleet, reports: int) -> bool:
    return fleet.live == 60 and (await summary(server.database)).reports >= reports


async def _whole(server: Server, agents: list[str]) -> bool:
    """Return whether what the ledger counts is what is stored; the last reports of a fleet that ended may still be on their way."""
    stored, counts = await summary(server.database), await counted(server.database, agents)
    return stored.reports == counts["stored"] and stored.observations == 8 * counts["stored"] and not counts["missing"]


async def _judged_as_meant(server: Server) -> None:
    points = await server.history.latest("mw_raw", "finding", ["verdict", "vendor"], {}, time.time_ns() - HOUR_NS)
    found: dict[str, set[tuple[str, str]]] = {}
    for point in points:
        tags = dict(point.tags)
        if "#" not in tags["target"]:  # what is told beside an answer is not about the site's hosts
            found.setdefault(tags["site"], set()).add((str(point.fields["verdict"]), str(point.fields.get("vendor", ""))))
    assert found["Dallas"] == {("inspected", "Zscaler"), ("clean", "")}
    assert found["Rotterdam"] == {("inspected", "Fortinet")}
    assert found["Sydney"] == found["London"] == {("clean", "")}
    told = await server.history.latest("mw_raw", "egress", ["address"], {}, time.time_ns() - HOUR_NS)
    assert {point.fields["address"] for point in told if dict(point.tags)["site"] == "Sydney"} == {"198.19.0.17"}
    assert len(found) == 60


async def all_stored(centre: Centre, agents: int, least: int) -> bool:
    """Return whether each agent has so many reports at a stand-in centre."""
    by_agent = Counter(report.agent for report in centre.stored.values())
    return len(by_agent) == agents and min(by_agent.values()) >= least


async def test_the_past_comes_first_and_in_order(minted: Minted) -> None:
    """An agent's reports are chained and rise in time; hours of the past lie on its own minute, the present begins when they are stored."""
    fleet = Fleet(simulated_sites(3), minted.bodies(), Rhythm(0.2, backlog_hours=12))
    async with running_centre() as centre, sending(fleet, centre.port):
        await until(lambda: all_stored(centre, 3, 15))
    for site in simulated_sites(3):
        mine = _chained([report for report in centre.stored.values() if report.agent == site.agent])
        past, present = mine[:12], mine[12:]
        assert {later.cycle.started_ns - earlier.cycle.started_ns for earlier, later in pairwise(past)} == {HOUR_NS}
        assert {report.cycle.cadence_s for report in past} == {3600.0}
        assert {report.cycle.cadence_s for report in present} == {0.2}
        assert present[0].cycle.started_ns - past[-1].cycle.started_ns > 300 * 10**9


def _chained(reports: list[Report]) -> list[Report]:
    """Return one stream's reports in order, after looking that each names its predecessor and none is missing."""
    ordered = sorted(reports, key=lambda report: report.seq)
    assert [report.seq for report in ordered] == list(range(1, len(ordered) + 1))
    assert [report.previous for report in ordered] == [None, *(report.digest for report in ordered[:-1])]
    created = [report.cycle.created_ns for report in ordered]
    assert created == sorted(set(created))
    return ordered


class Forgetful(Centre):
    """A centre that has lost its bodies once and says so."""

    forgot = False

    def _answer(self, report: Report) -> Receipt:
        if len(self.stored) == 12 and not self.forgot:
            self.forgot = True
            self.bodies.clear()
        return super()._answer(report)


async def test_what_is_wanted_is_sent(minted: Minted) -> None:
    """Bodies travel once for the whole fleet; a centre that wants them again gets them at once, and stores what it could not."""
    bodies: Bodies = minted.bodies()
    fleet = Fleet(simulated_sites(4), bodies, Rhythm(0.2, backlog_hours=2))
    centre = Forgetful()
    async with running_centre(centre=centre), sending(fleet, centre.port):
        await until(lambda: all_stored(centre, 4, 8))
    assert centre.forgot
    sizes = [size for _, _, size in centre.payloads]
    assert max(sizes) > 8_000  # with facts and certificates
    assert sorted(sizes)[len(sizes) // 2] < 2_500


async def test_a_forked_stream_begins_anew(minted: Minted) -> None:
    """An agent told to reset goes on as a new stream that names the former; nothing of it is lost."""
    fleet = Fleet(simulated_sites(1), minted.bodies(), Rhythm(0.2, backlog_hours=2))
    (member,) = fleet._members
    first = member.stream.name
    centre = Centre(forked={first})
    async with running_centre(centre=centre), sending(fleet, centre.port):
        await until(lambda: all_stored(centre, 1, 4))
    mine = _chained(list(centre.stored.values()))
    assert {report.stream for report in mine} == {member.stream.name} != {first}
    assert mine[0].former == first


async def test_a_lost_broker(minted: Minted, caplog: pytest.LogCaptureFixture) -> None:
    """What is made while the broker is away is told when it is back, by a fresh connection; a change is said once, not each attempt."""
    waits: list[float] = []

    async def at_once(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    async def tried_thrice() -> bool:
        return len(waits) >= 3

    fleet = Fleet(simulated_sites(2), minted.bodies(), Rhythm(0.2, backlog_hours=0), pause=at_once)
    async with running_centre() as centre:
        port = centre.port
        async with sending(fleet, port):
            await until(lambda: all_stored(centre, 2, 2))
    again = Centre()
    async with sending(fleet, port) as connected:
        await until(tried_thrice)
        assert not connected.is_set()
        async with running_centre(port, again):
            await until(lambda: all_stored(again, 2, 3))
    said = [record.getMessage().split(" (")[0] for record in caplog.records if record.name == "demo.fleet.sending"]
    assert said[0] == f"uplink: 127.0.0.1:{port} cannot be reached"
    assert said[1:] in ([], ["uplink: the connection was lost; trying again"])  # the second broker ends before the fleet does
    assert waits[2] > waits[0] / 2  # it doubles, with jitter of half
    assert {report.stream for report in again.stored.values()} == {one.stream.name for one in fleet._members}


@pytest.mark.parametrize("count", [0, 1])
async def test_a_site_falls_silent_and_an_empty_fleet_is_one(count: int, minted: Minted) -> None:
    """A site that falls silent makes no report after its time; a fleet of none only connects."""
    silent = [site for site in simulated_sites(60) if site.falls_silent][:count]
    clock = [0.0]
    fleet = Fleet(silent, minted.bodies(), Rhythm(1.0, backlog_hours=0), now=lambda: clock[0], now_ns=lambda: int((1.8e9 + clock[0]) * 1e9))
    fleet._fill_lanes()
    made = []
    for second in range(100):
        clock[0] = float(second)
        fleet._take_turns()
        made.append(fleet.unreceipted)
    assert made[-1] == made[80] == (75 if count else 0)
    assert fleet.live == count


async def test_turns_are_spread_and_missed_ones_are_not_made_up_for(minted: Minted) -> None:
    """In each quarter of a cadence a quarter of the fleet reports; after a standstill nobody reports twice for it."""
    clock = [0.0]
    fleet = Fleet(
        simulated_sites(8),
        minted.bodies(),
        Rhythm(8.0, backlog_hours=0),
        now=lambda: clock[0],
        now_ns=lambda: int((1.8e9 + clock[0]) * 1e9),
    )
    for second in range(8):
        clock[0] = float(second)
        fleet._fill_lanes()
        before = fleet.unreceipted
        fleet._take_turns()
        assert fleet.unreceipted - before <= 1
    before = fleet.unreceipted
    for late in (500.0, 503.9, 504.0):
        clock[0] = late
        fleet._take_turns()
    assert fleet.unreceipted - before == 9  # turns 496 to 504
