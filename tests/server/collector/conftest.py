"""A collector's pipeline over real SQLite state and a scripted history, with a judge that reads its verdict from the chain."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Table, select

from server.collector.collector import Collector, Limits
from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Outcome, Pipeline
from server.collector.replay import Replay
from server.collector.telemetry import Telemetry
from server.history.port import Point
from server.ingest.port import Arrival
from server.state.database import Database
from tests.fakes.history import ScriptedHistory
from tests.fakes.judge import FakeJudge
from tests.fakes.loop import FakeLog, FakeReplies
from tests.fakes.reports import SECOND, START_NS
from wire.receipt import Receipt


@dataclass
class Bench:
    """Everything a pipeline test touches. `now_ns` moves by hand."""

    database: Database
    history: ScriptedHistory
    judge: FakeJudge
    pipeline: Pipeline
    now_ns: int = START_NS + 3600 * SECOND

    def another(self) -> Pipeline:
        """Return a second collector over the same stores: nothing in memory is shared."""
        return Pipeline(self.database, self.history, Interpreter(cast("Any", self.judge)), Terms())

    async def take(self, *messages: tuple[str, bytes], pipeline: Pipeline | None = None) -> Outcome:
        """Process messages as one batch."""
        arrivals = [Arrival(topic, payload, self.now_ns) for topic, payload in messages]
        return await (pipeline or self.pipeline).process(arrivals, self.now_ns)

    async def rows(self, table: Table) -> list[Any]:
        """Return all rows of a table."""
        async with self.database.reading() as connection:
            return list((await connection.execute(select(table))).all())

    async def points(self, measurement: str = "web") -> list[Point]:
        """Return the newest point of each series."""
        return await self.history.latest("mw_raw", measurement, FIELDS[measurement], {}, 0)


FIELDS = {"web": ["connect_ms", "facts", "seq"], "dns": ["dns_ms"], "egress": ["total_ms"], "finding": ["verdict", "device_key"]}


def receipt_for(outcome: Outcome, agent: str = "agent-01") -> Receipt:
    """Return the one receipt for an agent."""
    (receipt,) = [receipt for name, receipt in outcome.receipts if name == agent]
    return receipt


@dataclass
class Works:
    """A whole collector over a bench. Its sleeps take no time and move the bench's; `on_sleep` is called at each."""

    bench: Bench
    replies: FakeReplies = field(default_factory=FakeReplies)
    log: FakeLog = field(default_factory=FakeLog)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    slept: list[float] = field(default_factory=list)
    on_sleep: Callable[[], None] = lambda: None
    woken: int = 0

    def collector(self, limits: Limits | None = None, *, pipeline: Any = None, replay: Any = None) -> Collector:
        """Return a collector; another one needs a registry of its own, and gets it."""
        self.registry = CollectorRegistry()
        self.telemetry = Telemetry(self.registry, self.log)
        return Collector(
            pipeline or self.bench.pipeline,
            self.replies,
            replay or Replay(self.bench.database, self.bench.history),
            self.telemetry,
            lambda: self.bench.now_ns,
            limits,
            self.sleep,
            self._wake,
        )

    def _wake(self) -> None:
        self.woken += 1

    async def sleep(self, seconds: float) -> None:
        """Move the time; housekeeping's sleep is left to last until the end of the test."""
        if seconds == Limits().housekeeping_s:
            await asyncio.Event().wait()
        self.slept.append(seconds)
        self.bench.now_ns += int(seconds * SECOND)
        self.on_sleep()
        await asyncio.sleep(0)

    def metric(self, name: str, **labels: str) -> float:
        """Return what /metrics shows, 0 for what it does not."""
        return self.registry.get_sample_value(name, labels) or 0.0

    def arrivals(self, *messages: tuple[str, bytes]) -> list[Arrival]:
        """Return messages as they come from a source."""
        return [Arrival(topic, payload, self.bench.now_ns) for topic, payload in messages]


@pytest.fixture
def state_url(tmp_path: Path) -> str:
    """Give SQLite only: what both databases must pass is in test_pipeline.py and tests/server/state/."""
    return f"sqlite+aiosqlite:///{tmp_path}/state.db"


def bench_over(database: Database, folder: Path) -> Bench:
    """Return a bench; who makes it closes its history and its database."""
    judge = FakeJudge()
    holder: list[Bench] = []
    history = ScriptedHistory(folder / "history.db", lambda: holder[0].now_ns)
    holder.append(Bench(database, history, judge, Pipeline(database, history, Interpreter(cast("Any", judge)), Terms())))
    return holder[0]


@pytest.fixture
async def bench(tmp_path: Path, database: Database) -> AsyncIterator[Bench]:
    """Give a fresh bench."""
    made = bench_over(database, tmp_path)
    yield made
    await made.history.close()


@pytest.fixture
def works(bench: Bench) -> Works:
    """Give a bench with a collector around it."""
    return Works(bench)
