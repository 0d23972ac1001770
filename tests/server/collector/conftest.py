"""A collector's pipeline over real SQLite state and a scripted history, with a judge that reads its verdict from the chain."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Table, select

from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Outcome, Pipeline
from server.history.port import Point
from server.ingest.port import Arrival
from server.state.database import Database, open_database
from tests.fakes.history import ScriptedHistory
from tests.fakes.judge import FakeJudge
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


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Give a fresh bench."""
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/state.db")
    judge = FakeJudge()
    holder: list[Bench] = []
    history = ScriptedHistory(tmp_path / "history.db", lambda: holder[0].now_ns)
    holder.append(Bench(database, history, judge, Pipeline(database, history, Interpreter(cast("Any", judge)), Terms())))
    yield holder[0]
    await history.close()
    await database.close()
