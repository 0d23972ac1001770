"""States are read from what is stored, and written when they changed and every refresh; the history may be away."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from server.fleet.registry import Place, Registry, Site
from server.history.influx import Influx
from server.history.port import Point
from server.state import tables
from server.state.database import Database, Transaction
from server.watcher.refreshing import Refresher, StateReader, measure, read_states
from server.watcher.states import Measured
from server.watcher.watcher import Watcher
from tests.fakes.examined import KNOWLEDGE
from tests.fakes.history import ScriptedHistory, away
from tests.fakes.sightings import HOST, MINUTE, SECOND, START
from tests.servers.influx import Influx as RealInflux

FRANKFURT = Place(50.11, 8.68)
REGISTRY = Registry({"Frankfurt": Site("Frankfurt", FRANKFURT)})
CONTROL = next(f"{one.host}:{one.port}" for one in KNOWLEDGE.representatives if one.control)
FIELDS = {"site_state": ["verdict", "devices", "total_ms"], "agent_state": ["state", "age_s"], "site_path": ["name"]}


@dataclass
class Bench:
    """A state database, a history, and a refresher over both; time is moved by hand."""

    database: Database
    history: ScriptedHistory
    ns: int = START

    def __post_init__(self) -> None:
        """Make the refresher, which refreshes once a minute."""
        self.reader = StateReader(self.database, self.history, REGISTRY, lambda: KNOWLEDGE)
        self.refresher = Refresher(self.reader, self.history, 60.0, lambda: self.ns)

    async def execute(self, statement: Any, **values: Any) -> None:
        """Change the state database."""
        async with self.database.writing() as connection:
            await connection.execute(statement, values)

    async def report(self, agent: str = "a", at_ns: int = START, place: str = "Frankfurt") -> None:
        """Let an agent with one clean target have reported."""
        await self.execute(insert(tables.agent), id=agent, first_seen_ns=1, latest_ns=at_ns, place=place)
        await self.run(agent, place=place)

    async def run(
        self, agent: str = "a", target: str = f"{HOST}:443", verdict: str = "clean", key: str = "", place: str = "Frankfurt"
    ) -> None:
        """Let an agent have found this of a target, three times."""
        row = {"agent": agent, "place": place, "target": target, "route": "direct", "verdict": verdict, "device_key": key, "current": True}
        await self.execute(insert(tables.run), **row, first_ns=START - MINUTE, last_ns=START, rounds=3)

    async def stored(self, measurement: str) -> list[Point]:
        """Return the newest stored state of each series."""
        return await self.history.latest("mw_raw", measurement, FIELDS[measurement], {}, 0)

    async def moments(self, site: str = "Frankfurt") -> int:
        """Return how many moments of a site are stored."""
        counts = await self.history.series("mw_raw", "site_state", "rank", {"site": site}, 0, 2 * START, 2 * START, "count")
        return int(counts[0][1] or 0)


@pytest.fixture
def state_url(tmp_path: Path) -> str:
    """Give SQLite only: what both databases must pass is in tests/server/state/test_overview.py."""
    return f"sqlite+aiosqlite:///{tmp_path}/state.db"


@pytest.fixture
async def bench(tmp_path: Path, database: Database) -> AsyncIterator[Bench]:
    """Give a fresh bench."""
    history = ScriptedHistory(tmp_path / "history.db", lambda: START)
    yield Bench(database, history)
    await history.close()


def web(target: str, fields: dict[str, Any], *, category: str = "Optimize", workload: str = "Exchange", at_ns: int = START) -> Point:
    """Return an observation of agent a."""
    tags = {"site": "Frankfurt", "agent": "a", "target": target, "route": "direct", "workload": workload, "category": category}
    return Point("web", tuple(tags.items()), fields, at_ns)


async def test_what_is_measured(bench: Bench) -> None:
    """Times of Microsoft's targets, the front door of Exchange, the address of the direct route; newest each, none that is too old."""
    egress = web("reflector:443", {"address": "203.0.113.1"}, category="Control", workload="Control")
    points = [
        web("one:443", {"total_ms": 50.0, "front_door": "FRA"}),
        web("one:443", {"total_ms": 10.0, "front_door": "LYS"}, at_ns=START - SECOND),
        web("two:443", {"total_ms": 70.0, "front_door": "ZZZ"}, workload="Teams"),
        web("three:443", {"total_ms": 900.0}, category="Control", workload="Control"),
        web("four:443", {"total_ms": 900.0}, at_ns=START - 61 * MINUTE),
        Point("egress", egress.tags, egress.fields, START),
        Point("egress", (*egress.tags[:3], ("route", "proxy"), *egress.tags[4:]), {"address": "198.51.100.1"}, START),
        Point("host", egress.tags, {"tunnelled": 3}, START),
        Point("path", egress.tags, {"direct_peering": False}, START - SECOND),
        Point("path", (*egress.tags[:2], ("target", "two:443"), *egress.tags[3:]), {"direct_peering": True}, START),
    ]
    await bench.history.write("mw_raw", points)
    who = ("Frankfurt", "a")
    assert await measure(bench.history, START) == Measured(
        {who: [(START, 50.0), (START, 70.0)]},
        {who: (START, "203.0.113.1")},
        {who: (START, "FRA")},
        {who: (START, 3)},
        {who: (START, True)},
    )


async def test_what_is_read(bench: Bench) -> None:
    """Agents, sites, and who made the devices there; what the control target says is not Microsoft's business."""
    await bench.report()
    await bench.run(target=CONTROL, verdict="blocked")
    await bench.run(target="two:443", verdict="inspected", key="instance:1")
    await bench.run(target="three:443", verdict="inspected", key="instance:2")
    await bench.execute(insert(tables.device), id="d", device_class="swg", vendor="Zscaler", confidence=1.0, first_seen_ns=1)
    await bench.execute(insert(tables.device_key), kind="instance", value="1", device="d")
    await bench.history.write("mw_raw", [web("one:443", {"total_ms": 50.0, "front_door": "FRA"})])
    for history, total_ms in ((bench.history, 50.0), (None, None)):
        states = await read_states(bench.database, history, REGISTRY, KNOWLEDGE, START, None)
        (site,) = states.sites
        assert [agent.state for agent in states.agents] == ["reporting"]
        assert (site.verdict, site.hosts, site.targets, site.devices, site.total_ms) == (
            "inspected",
            2,
            3,
            ("Zscaler", "unknown make"),
            total_ms,
        )
        assert states.vendors == {"instance:1": "Zscaler"}


async def test_a_slow_agent_is_looked_for_further_back(bench: Bench) -> None:
    """An agent that reports every two hours has a front door too."""
    await bench.report(at_ns=START - 119 * MINUTE)
    await bench.execute(update(tables.agent).values(cadence_s=7200.0))
    await bench.history.write("mw_raw", [web("one:443", {"total_ms": 50.0, "front_door": "FRA"}, at_ns=START - 119 * MINUTE)])
    (site,) = (await read_states(bench.database, bench.history, REGISTRY, KNOWLEDGE, START, None)).sites
    assert (site.front_door, site.total_ms) == ("FRA", 50.0)
    assert [(await bench.reader.read(START + second * SECOND)).sites[0].front_door for second in (0, 5)] == ["", "FRA"]


async def test_measuring_is_rare(bench: Bench) -> None:
    """However often states are read, at most every five seconds; while the history is away the last answer stands."""
    await bench.report()
    await bench.history.write("mw_raw", [web("one:443", {"total_ms": 50.0})])
    assert (await bench.reader.read(START)).sites[0].total_ms == 50.0
    await bench.history.write("mw_raw", [web("one:443", {"total_ms": 70.0}, at_ns=START + SECOND)])
    assert (await bench.reader.read(START + 4 * SECOND)).sites[0].total_ms == 50.0
    assert (await bench.reader.read(START + 5 * SECOND)).sites[0].total_ms == 70.0


async def test_everything_is_written_every_refresh(bench: Bench) -> None:
    """Agents, sites and ways at the first look, then nothing until the minute is over."""
    await bench.report()
    await bench.report("b", place="Nowhere")
    assert await bench.refresher.step() == 5
    assert [(point.tags[0], point.fields["verdict"]) for point in await bench.stored("site_state")] == [
        (("site", "Frankfurt"), "clean"),
        (("site", "Nowhere"), "clean"),
    ]
    assert [point.fields["name"] for point in await bench.stored("site_path")] == ["Frankfurt"]
    bench.ns += 59 * SECOND
    assert await bench.refresher.step() == 0
    bench.ns += SECOND
    assert await bench.refresher.step() == 5
    assert [point.fields["age_s"] for point in await bench.stored("agent_state")] == [60.0, 60.0]


async def test_a_change_is_written_at_once_and_nothing_else(bench: Bench) -> None:
    """Woken, it looks again; only the site that changed is written, and the same again is not."""
    await bench.report()
    await bench.report("b", place="Nowhere")
    await bench.refresher.step()
    bench.ns += 2 * SECOND
    bench.refresher.wake()
    assert await bench.refresher.step() == 0
    await bench.run(target="two:443", verdict="inspected", key="instance:1")
    bench.ns += 2 * SECOND
    assert await bench.refresher.step() == 0  # nobody woke it
    bench.refresher.wake()
    assert await bench.refresher.step() == 2  # the site and its one known stop
    assert (await bench.moments(), await bench.moments("Nowhere")) == (2, 1)


async def test_it_looks_once_a_second_at_most(bench: Bench) -> None:
    """Woken by hundreds of reports; what came meanwhile is seen at the next look."""
    await bench.report()
    await bench.refresher.step()
    await bench.run(target="two:443", verdict="inspected")
    bench.refresher.wake()
    bench.ns += SECOND - 1
    assert await bench.refresher.step() == 0
    bench.ns += 1
    assert await bench.refresher.step() == 2


async def test_a_clock_set_back_stops_nothing(bench: Bench) -> None:
    """Ten minutes back: the next look writes and measures as ever."""
    await bench.report(at_ns=START - 10 * MINUTE)
    await bench.refresher.step()
    bench.ns -= 10 * MINUTE
    await bench.history.write("mw_raw", [web("one:443", {"total_ms": 50.0}, at_ns=bench.ns)])
    assert await bench.refresher.step() == 3
    assert [point.fields["total_ms"] for point in await bench.history.latest("mw_raw", "site_state", ["total_ms"], {}, 0)] == [50.0]


async def test_silence_is_seen_by_the_clock(bench: Bench) -> None:
    """No report wakes anybody when an agent falls silent: the refresh sees it."""
    await bench.report()
    await bench.refresher.step()
    bench.ns += 6 * MINUTE
    await bench.refresher.step()
    assert [point.fields["verdict"] for point in await bench.stored("site_state")] == ["silent"]


async def test_a_history_that_is_away_is_said_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Skipped, tried again five seconds later, and said when it is over; nothing waits anywhere."""
    caplog.set_level(logging.INFO, "server.watcher.refreshing")
    await bench.report()
    bench.history.script = [away(), away()]
    for _ in range(2):
        assert await bench.refresher.step() == 0
        bench.ns += 5 * SECOND
    assert await bench.refresher.step() == 3
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "InfluxDB does not answer" in caplog.messages[0]


async def test_a_refused_point_is_said(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """A store that holds another type of a field takes the rest, and the log has its words."""
    await bench.report()
    bench.history.refuse = lambda point: point.measurement == "agent_state"
    assert await bench.refresher.step() == 2
    assert "conflict: field type conflict" in caplog.text


async def test_a_measurement_that_fails_does_not_keep_states_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """InfluxDB may refuse a large query and still take points: states are written without what is measured."""
    await bench.report()
    inner = bench.history.latest

    async def refuse(*_arguments: Any) -> list[Point]:
        raise ValueError("max-select-series limit exceeded")

    monkeypatch.setattr(bench.history, "latest", refuse)
    assert await bench.refresher.step() == 3
    assert bench.reader.trouble == "max-select-series limit exceeded"
    monkeypatch.setattr(bench.history, "latest", inner)
    await bench.reader.read(START + 5 * SECOND)
    assert bench.reader.trouble == ""


async def test_a_state_database_that_is_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again; nothing is written of what could not be read."""

    @asynccontextmanager
    async def gone() -> AsyncIterator[Transaction]:
        raise OSError("gone")
        yield  # a generator all the same

    await bench.report()
    with monkeypatch.context() as patch:
        patch.setattr(bench.database, "reading", gone)
        assert await bench.refresher.step() == 0
    bench.ns += 5 * SECOND
    assert await bench.refresher.step() == 3


async def test_only_the_active_watcher_writes(bench: Bench) -> None:
    """The states task runs beside the decisions: it writes when the lease is held, a second watcher's does not."""
    await bench.report()
    standby = Bench(bench.database, bench.history)
    arrived = asyncio.Event()

    def take(_point: Point) -> bool:
        arrived.set()
        return False

    bench.history.refuse = take
    first = Watcher(bench.database, bench.history, "first", lambda: START, bench.refresher)
    second = Watcher(bench.database, bench.history, "second", lambda: START, standby.refresher)
    await first.step()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.run(), name=name) for one, name in ((second, "second"), (first, "first"))]
        await arrived.wait()
        for task in tasks:
            task.cancel()
    assert (bench.refresher._looked_ns, standby.refresher._looked_ns) == (START, 0)


@pytest.mark.servers
async def test_on_a_real_influxdb(database: Database, influx: RealInflux) -> None:
    """It takes every state point, empty texts too, and measures alike."""
    now_ns = time.time_ns()
    history = Influx(influx.fresh())
    try:
        bench = Bench(database, history, now_ns)  # type: ignore[arg-type]  # only its port is used here
        await bench.report(at_ns=now_ns)
        await bench.execute(update(tables.run).values(last_ns=now_ns))
        egress = web("reflector:443", {"address": "203.0.113.1"}, category="Control", workload="Control", at_ns=now_ns)
        seen = [web("one:443", {"total_ms": 50.0, "front_door": "FRA"}, at_ns=now_ns), Point("egress", egress.tags, egress.fields, now_ns)]
        await history.write("mw_raw", seen)
        who = ("Frankfurt", "a")
        assert await measure(history, now_ns) == Measured({who: [(now_ns, 50.0)]}, {who: (now_ns, "203.0.113.1")}, {who: (now_ns, "FRA")})
        assert await bench.refresher.step() == 4  # agent, site, and two stops: the egress is not registered
        (point,) = await history.latest("mw_raw", "site_state", ["verdict", "devices", "front_door", "total_ms"], {}, 0)
        assert point.fields == {"verdict": "clean", "devices": "", "front_door": "FRA", "total_ms": 50.0}
    finally:
        await history.close()
