"""Standkeeping: stretches and words are rows by what reports say, written on change, whoever of several collectors takes the report."""

from typing import Any

import pytest
from sqlalchemy import event

from server.collector import standkeeping
from server.state import standing_tables as tables
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.server.collector.conftest import Bench
from wire.facts import ChainTrust, EgressFacts
from wire.observation import EgressObservation
from wire.report import Health
from wire.target import Target

MINUTE = 60 * SECOND


async def see(bench: Bench, agent: Agent, minute: float, pipeline: Any = None, roots: str = "", **said: Any) -> None:
    """Take in one report of one target, whose chain was checked by a bundle."""
    trust = ChainTrust(os="trusted", public="trusted", os_roots=roots)
    seen = agent.observations(TARGETS[:1], chain=[b"public"], trust=trust)[:1]
    await bench.take(agent.report(START_NS + int(minute * MINUTE), seen, **said), pipeline=pipeline)


async def stretches(bench: Bench) -> list[tuple[str, str, float, float]]:
    """Return (agent, kind, first and last minute) of all stretches; -1: it goes on."""
    rows = sorted(await bench.rows(tables.condition), key=lambda row: (row.first_ns, row.agent, row.kind))
    minutes = [(row, (row.first_ns - START_NS) / MINUTE, (row.until_ns - START_NS) / MINUTE if row.until_ns else -1) for row in rows]
    return [(row.agent, row.kind, first, last) for row, first, last in minutes]


AHEAD = Health(clock_offset_ms=90_000.0)
RIGHT = Health(clock_offset_ms=5.0)


async def test_a_stretch_is_a_row(bench: Bench) -> None:
    """It begins, goes on, ends; the next one is another row."""
    agent = Agent()
    for minute, health in enumerate((RIGHT, AHEAD, AHEAD, Health(), RIGHT, AHEAD)):
        await see(bench, agent, minute, health=health)
    assert await stretches(bench) == [("agent-01", "clock", 1, 4), ("agent-01", "clock", 5, -1)]


async def test_nothing_is_written_per_report(bench: Bench) -> None:
    """A hundred reports of an agent that is wrong the same way all the time: one stretch, one word, two statements in all."""
    written: list[str] = []

    def count(_c: object, _u: object, statement: str, *_rest: object) -> None:
        if any(f"{verb} {table.name}" in statement for verb in ("INTO", "UPDATE") for table in (tables.condition, tables.agent_word)):
            written.append(statement)

    event.listen(bench.database.engine.sync_engine, "before_cursor_execute", count)
    agent = Agent()
    for minute in range(100):
        await see(bench, agent, minute, health=AHEAD)
    assert len(written) == 2
    assert await stretches(bench) == [("agent-01", "clock", 0, -1)]


async def test_begun_and_over_in_one_batch(bench: Bench) -> None:
    """A backlog taken at once leaves the same rows as report by report, in whatever order it came."""
    agent = Agent()
    seen = agent.observations(TARGETS[:1], chain=[b"public"])[:1]
    said = [RIGHT, AHEAD, RIGHT, AHEAD]
    batch = [agent.report(START_NS + minute * MINUTE, seen, health=health) for minute, health in enumerate(said)]
    await bench.take(*reversed(batch))
    assert await stretches(bench) == [("agent-01", "clock", 1, 2), ("agent-01", "clock", 3, -1)]


async def test_late_reports_change_nothing(bench: Bench) -> None:
    """What was wrong an hour ago is told late: the newest word stands."""
    agent = Agent()
    seen = agent.observations(TARGETS[:1], chain=[b"public"])[:1]
    late = agent.report(START_NS + MINUTE, seen, health=AHEAD)
    await see(bench, agent, 9, health=RIGHT)
    await bench.take(late)
    assert await stretches(bench) == []


async def test_two_collectors_take_turns(bench: Bench) -> None:
    """The revision tells each that what it remembers is old: one stretch, ended by the other."""
    agent, other = Agent(), bench.another()
    await see(bench, agent, 0, health=RIGHT)
    await see(bench, agent, 1, other, health=AHEAD)
    await see(bench, agent, 2, health=AHEAD)
    await see(bench, agent, 3, other, health=RIGHT)
    await see(bench, agent, 4, health=AHEAD)
    assert await stretches(bench) == [("agent-01", "clock", 1, 3), ("agent-01", "clock", 4, -1)]


async def test_words_are_the_newest(bench: Bench) -> None:
    """Plan and bundles of an agent stand in one row."""
    agent = Agent()
    await see(bench, agent, 0, plan=3)
    await see(bench, agent, 1, plan=4, roots="a")
    (row,) = await bench.rows(tables.agent_word)
    assert (row.agent, row.plan, row.roots, row.since_ns) == ("agent-01", 4, '{"os-bundle": ["a"]}', START_NS + MINUTE)
    await see(bench, agent, 2, plan=4, roots="b")
    assert await stretches(bench) == [("agent-01", "roots", 2, -1)]


async def test_memory_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents over the bound are forgotten, oldest first, and read again."""
    monkeypatch.setattr(standkeeping, "MAX_AGENTS", 1)
    agents = [Agent(f"agent-{number}", f"{number:032x}") for number in range(3)]
    for minute in range(3):
        for agent in agents:
            await see(bench, agent, minute, health=AHEAD)
    assert await stretches(bench) == [(f"agent-{number}", "clock", 0, -1) for number in range(3)]


async def test_ways_are_written_on_change(bench: Bench) -> None:
    """The first report and the second, and then no more until the agent leaves elsewhere; late reports do not move it."""
    agent = Agent()

    async def leave(minute: int, address: str, site: str = "Porto") -> None:
        agent.site = site
        reflector = Target(host="reflect.example.net", category="Control", workload="Control")
        egress = EgressFacts(target=reflector, address=address, asn=64500)
        seen = [EgressObservation(kind="egress", facts=agent.facts(egress), at_us=0)]
        await bench.take(agent.report(START_NS + minute * MINUTE, seen))

    for minute in (5, 6, 7, 8):
        await leave(minute, f"203.0.113.{minute}")
    await leave(2, "198.51.100.1")
    (row,) = await bench.rows(tables.way)
    assert (row.agent, row.kind, row.value, row.seen, row.since_ns, row.rounds) == (
        *("agent-01", "egress", "AS64500", "203.0.113.5"),
        *(START_NS + 5 * MINUTE, 2),
    )
    await leave(9, "203.0.113.9", "Lyon")
    (row,) = await bench.rows(tables.way)
    assert (row.place, row.since_ns, row.rounds) == ("Lyon", START_NS + 9 * MINUTE, 1)
