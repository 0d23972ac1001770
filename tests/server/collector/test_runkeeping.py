"""Runkeeping: findings fold into the runs of locked agents, and a cached run is believed only while its revision stands."""

from typing import Any

import pytest

from server.collector import runkeeping
from server.collector.runs import EXTEND_NS
from server.state import runs as run_rows
from server.state import tables
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.server.collector.conftest import Bench

MINUTE = 60 * SECOND
INSPECTED, PUBLIC = b"inspected:abc", b"public"


async def see(bench: Bench, agent: Agent, minute: float, chain: bytes = PUBLIC, **options: Any) -> bool:
    """Take in one report of one target; return whether the watcher was told."""
    seen = agent.observations(TARGETS[:1], chain=[chain])[:1]
    return (await bench.take(agent.report(START_NS + int(minute * MINUTE), seen), **options)).told


async def runs(bench: Bench) -> list[tuple[str, int, int, int, bool]]:
    """Return (verdict, first and last minute, rounds, current) of all runs."""
    found = sorted(await bench.rows(tables.run), key=lambda row: row.first_ns)
    return [
        (row.verdict, (row.first_ns - START_NS) // MINUTE, (row.last_ns - START_NS) // MINUTE, row.rounds, row.current) for row in found
    ]


async def test_a_quiet_path_is_written_three_times_and_then_every_ten_minutes(bench: Bench) -> None:
    """Three rounds are told; then nothing is written, not even a revision, until ten minutes have passed."""
    agent = Agent()
    assert [await see(bench, agent, minute) for minute in range(5)] == [True, True, True, False, False]
    (before,) = await bench.rows(tables.agent)
    assert (before.revision, before.latest_ns) == (3, START_NS + 4 * MINUTE)
    assert not await see(bench, agent, 11)
    assert not await see(bench, agent, 12.5)
    assert await runs(bench) == [("clean", 0, 12, 3, True)]
    (after,) = await bench.rows(tables.agent)
    assert after.revision == 4


async def test_a_run_that_ends_gets_its_true_end(bench: Bench) -> None:
    """Its row says minute 2 until the next verdict comes; then it says 9, the last time it was seen."""
    agent = Agent()
    for minute in range(10):
        await see(bench, agent, minute)
    assert await runs(bench) == [("clean", 0, 2, 3, True)]
    assert await see(bench, agent, 10, INSPECTED)
    assert await runs(bench) == [("clean", 0, 9, 3, False), ("inspected", 10, 10, 1, True)]


async def test_reports_of_a_batch_are_folded_by_measured_time(bench: Bench) -> None:
    """A whole morning in one batch, out of order: the same runs as one by one."""
    agent, other = Agent(), Agent("agent-02", "0" * 31 + "2")
    messages = []
    for minute in range(6):
        chain = INSPECTED if minute >= 3 else PUBLIC
        messages.append(agent.report(START_NS + minute * MINUTE, agent.observations(TARGETS[:1], chain=[chain])[:1]))
        await see(bench, other, minute, chain)
    one_by_one = await runs(bench)
    await bench.take(*reversed(messages))
    assert sorted(await runs(bench)) == sorted([*one_by_one, *one_by_one])


async def test_another_collectors_changes_are_seen(bench: Bench) -> None:
    """Two collectors take turns: the revision tells each that its cached runs are old."""
    agent, other = Agent(), bench.another()
    await see(bench, agent, 0)
    await see(bench, agent, 1, INSPECTED, pipeline=other)
    await see(bench, agent, 2, INSPECTED)
    await see(bench, agent, 3, PUBLIC, pipeline=other)
    assert await runs(bench) == [("clean", 0, 0, 1, False), ("inspected", 1, 2, 2, False), ("clean", 3, 3, 1, True)]


async def test_a_rolled_back_batch_leaves_no_trace_in_memory(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit fails after runs were folded: the next batch starts from what is stored."""
    agent = Agent()
    await see(bench, agent, 0)
    inner = run_rows.tell_clone

    async def fail(*_arguments: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(run_rows, "tell_clone", fail)
    message = agent.report(START_NS + MINUTE, agent.observations(TARGETS[:1], chain=[INSPECTED])[:1])
    with pytest.raises(ConnectionResetError):
        await bench.take(message)
    monkeypatch.setattr(run_rows, "tell_clone", inner)
    assert await runs(bench) == [("clean", 0, 0, 1, True)]
    await bench.take(message)
    assert await runs(bench) == [("clean", 0, 0, 1, False), ("inspected", 1, 1, 1, True)]


async def test_history_is_amended_beside_a_cached_current_run(bench: Bench) -> None:
    """A backlog of an inspected hour before all that is known: one run of history, the current one untouched, nobody told."""
    agent = Agent()
    for minute in (40, 41, 42):
        await see(bench, agent, minute)
    assert not any([await see(bench, agent, minute, INSPECTED) for minute in (10, 11, 12)])
    assert await runs(bench) == [("inspected", 10, 12, 3, False), ("clean", 40, 42, 3, True)]


async def test_the_same_moment_told_twice_with_another_verdict(bench: Bench) -> None:
    """A renumbered report judged anew says something else of the same nanosecond: stored, and the run that was there stays."""
    agent, renumbered = Agent(), Agent(stream="0" * 31 + "2")
    await see(bench, agent, 0)
    await see(bench, renumbered, 0, INSPECTED)
    assert await runs(bench) == [("clean", 0, 0, 1, True)]
    assert len(await bench.rows(tables.ledger)) == 2


async def test_another_site_is_another_path(bench: Bench) -> None:
    """Runs belong to places: the same agent elsewhere begins anew, and the old place keeps its current run."""
    agent = Agent()
    await see(bench, agent, 0)
    agent.site = "Lyon"
    await see(bench, agent, 1)
    assert {(row.place, row.rounds, row.current) for row in await bench.rows(tables.run)} == {("Porto", 1, True), ("Lyon", 1, True)}


async def test_memory_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents over the bound are forgotten, oldest first, and read again."""
    monkeypatch.setattr(runkeeping, "MAX_AGENTS", 2)
    agents = [Agent(f"agent-{number}", f"{number:032x}") for number in range(4)]
    for minute in range(2):
        for agent in agents:
            await see(bench, agent, minute)
    assert set(bench.pipeline._runs._cache) == {"agent-2", "agent-3"}
    assert {rounds for _, _, _, rounds, _ in await runs(bench)} == {2}


async def test_ten_minutes_are_ten_minutes(bench: Bench) -> None:
    """A run that goes on is written at the first report ten minutes after its last written end, not before."""
    agent = Agent()
    for minute in (0, 1, 2):
        await see(bench, agent, minute)
    written = START_NS + 2 * MINUTE
    await see(bench, agent, 2 + (EXTEND_NS - 1) / MINUTE)
    assert [row.last_ns for row in await bench.rows(tables.run)] == [written]
    await see(bench, agent, 2 + EXTEND_NS / MINUTE)
    assert [row.last_ns for row in await bench.rows(tables.run)] == [written + EXTEND_NS]


async def test_the_newest_report_says_where_an_agent_is(bench: Bench) -> None:
    """Place, cadence, software: written with each batch by the newest measured report; a backlog from elsewhere changes nothing."""

    async def row() -> tuple[str, int, float, bool, str]:
        (found,) = await bench.rows(tables.agent)
        return found.place, (found.latest_ns - START_NS) // MINUTE, found.cadence_s, found.lab, found.software

    agent = Agent()
    await see(bench, agent, 0)
    assert await row() == ("Porto", 0, 60.0, False, "0.1.0")
    backlog = agent.report(START_NS + MINUTE)
    agent.site = "Lyon"
    await see(bench, agent, 9)
    assert await row() == ("Lyon", 9, 60.0, False, "0.1.0")
    await bench.take(backlog)
    assert await row() == ("Lyon", 9, 60.0, False, "0.1.0")


async def test_of_a_batch_the_newest_counts(bench: Bench) -> None:
    """Whatever its order: two sites in one batch, and the agent is where it was measured last."""
    agent = Agent()
    early = agent.report(START_NS)
    agent.site = "Lyon"
    await bench.take(agent.report(START_NS + MINUTE), early)
    assert [(row.place, row.latest_ns) for row in await bench.rows(tables.agent)] == [("Lyon", START_NS + MINUTE)]


async def test_an_aspect_in_order_ends_what_was_lost(bench: Bench) -> None:
    """What was lost has a run of its own; an answer that finds it in order ends it and goes on doing so. Before, nothing is to end."""
    agent, name = Agent(), f"{TARGETS[0].name}#h2"
    for minute, chain in enumerate([PUBLIC, b"lost:h2", b"lost:h2", PUBLIC, PUBLIC, PUBLIC, PUBLIC]):
        await see(bench, agent, minute, chain)
    found = {(row.target, row.verdict): (row.rounds, row.current) for row in await bench.rows(tables.run)}
    assert found == {
        (TARGETS[0].name, "clean"): (3, True),
        (name, "altered"): (2, False),
        (name, "clean"): (3, True),
    }
