"""Collectors that get the very same reports at the very same time: one of them stores each, all of them answer."""

import asyncio
import random
from pathlib import Path

from server.collector.collector import Collector, Limits
from server.collector.pipeline import Pipeline
from server.state import tables
from server.state.database import Database, open_database
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.server.collector.conftest import Bench, Works, bench_over
from tests.servers.postgres import Postgres

AGENTS, REPORTS, COLLECTORS = 6, 12, 3


def messages() -> list[tuple[str, bytes]]:
    """Return reports of agents that all see a device at their seventh, one of whose streams has a copy at another agent."""
    made = []
    for number in range(1, AGENTS + 1):
        agent = Agent(f"agent-{number:02d}", f"{number:032x}")
        for minute in range(REPORTS):
            chain = [b"inspected:abc"] if minute >= 6 else [b"public"]
            made.append(agent.report(START_NS + minute * 60 * SECOND, agent.observations(TARGETS[:2], chain=chain)))
    thief = Agent("thief", f"{1:032x}")
    return [*made, thief.report(START_NS + 1)]


async def race(bench: Bench, url: str, seed: int) -> list[Works]:
    """Give each of several collectors, with a connection pool of its own, all messages, in an order and batches of its own."""
    works, databases = [], []

    async def work(one: Works, collector: Collector, size: int) -> None:
        mixed = random.Random(f"{seed}{size}").sample(messages(), AGENTS * REPORTS + 1)
        for start in range(0, len(mixed), size):
            await collector.settle(one.arrivals(*mixed[start : start + size]))

    async with asyncio.TaskGroup() as group:
        for number in range(COLLECTORS):
            databases.append(await open_database(url))
            pipeline = Pipeline(databases[-1], bench.history, bench.pipeline._interpreter, bench.pipeline._terms)
            works.append(Works(Bench(databases[-1], bench.history, bench.judge, pipeline, bench.now_ns)))
            group.create_task(work(works[-1], works[-1].collector(Limits()), 5 + number * 7), name=f"collector-{number}")
    for database in databases:
        await database.close()
    return works


async def check(database: Database, folder: Path, url: str, seed: int) -> None:
    """Race once and look at what is left."""
    bench = bench_over(database, folder)
    works = await race(bench, url, seed)
    ledger = await bench.rows(tables.ledger)
    owner = {row.id: row.agent for row in await bench.rows(tables.stream)}[f"{1:032x}"]
    stored = {(row.stream, row.seq) for row in ledger if row.state == "stored"}
    others = {(f"{number:032x}", seq) for number in range(2, AGENTS + 1) for seq in range(1, REPORTS + 1)}
    assert len(ledger) == len(stored)
    assert others <= stored
    assert owner == "thief" or stored == others | {(f"{1:032x}", seq) for seq in range(1, REPORTS + 1)}
    for one in works:
        assert [line for line in one.log.lines if line[0] == "error"] == []
        assert {name for name, receipt in one.replies.sent if receipt.quarantined} == set()
        last = {receipt.stream: receipt.upto for name, receipt in one.replies.sent if name not in {"agent-01", "thief"}}
        assert set(last) == {stream for stream, _ in others}
    current = [row for row in await bench.rows(tables.run) if row.current and row.agent not in {"agent-01", "thief"}]
    assert {(row.verdict, row.device_key) for row in current} == {("inspected", "instance:abc")}
    assert len(current) == (AGENTS - 1) * 2
    rows = await bench.rows(tables.run)
    assert len({(row.agent, row.place, row.target, row.route, row.first_ns) for row in rows}) == len(rows)
    assert len([row for row in await bench.rows(tables.inbox) if row.kind == "clone"]) == 1
    await bench.history.close()


async def test_three_collectors_on_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    """Row locks, unique constraints and retries: five races, every report once, no deadlock, nobody quarantined by a race."""
    for seed in range(5):
        (tmp_path / str(seed)).mkdir()
        url = postgres.fresh()
        database = await open_database(url)
        await check(database, tmp_path / str(seed), url, seed)
        await database.close()


async def test_three_collectors_on_one_sqlite_file(tmp_path: Path) -> None:
    """The file's write lock does what rows' locks do."""
    url = f"sqlite+aiosqlite:///{tmp_path}/state.db"
    database = await open_database(url)
    await check(database, tmp_path, url, 1)
    await database.close()
