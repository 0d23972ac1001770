"""Replay: what was put away comes back once its cause is mended, and what is still wrong stays, unmarked."""

from dataclasses import replace

from server.collector.collector import Collector
from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.collector.replay import TRIM_EVERY_NS, Replay
from server.history.port import Point
from server.ingest.port import Arrival
from server.state import quarantine, tables
from server.state.quarantine import MAX_AGE_NS, Kept
from tests.fakes.reports import START_NS, TARGETS, Agent
from tests.server.collector.conftest import Bench, Works
from wire import codec

STREAM = "0" * 31 + "1"


async def keep(bench: Bench, *things: Kept, marked: bool = True) -> None:
    """Put things into quarantine, marked for replay."""
    async with bench.database.writing() as connection:
        await quarantine.keep(connection, things, bench.now_ns)
    if marked:
        await quarantine.mark_for_replay(bench.database, range(1, 1 + len(things)))


async def replayed(works: Works, collector: Collector) -> None:
    """Take in what is due."""
    await collector.settle(await Replay(works.bench.database, works.bench.history).due(works.bench.now_ns))


async def test_a_report_our_fault_put_away_is_stored_once_the_fault_is_mended(works: Works) -> None:
    """Judge fails, quarantined, mended, marked: stored under its own number, out of quarantine, receipted."""
    bench, agent = works.bench, Agent()
    bench.judge.fail_on = TARGETS[0].host
    await works.collector().settle(works.arrivals(agent.report(START_NS)))
    assert [row.state for row in await bench.rows(tables.ledger)] == ["quarantined"]
    bench.judge.fail_on = ""
    assert await quarantine.mark_for_replay(bench.database, [1]) == 1
    await replayed(works, works.collector())
    assert [(row.state, row.digest) for row in await bench.rows(tables.ledger)] == [("stored", agent.previous)]
    assert await bench.rows(tables.quarantine) == []
    assert works.replies.sent[-1][1].ends == [agent.previous]
    assert len(await bench.points()) == len(TARGETS)


async def test_a_report_over_a_limit_is_stored_once_the_limit_is_raised(works: Works) -> None:
    """The bytes that were too large are in quarantine as they came; with another cap they are a report."""
    agent = Agent()
    topic, payload = agent.report(START_NS, compress=False)
    cap, codec.MAX_WIRE_BYTES = codec.MAX_WIRE_BYTES, len(payload) - 1
    try:
        await works.collector().settle(works.arrivals((topic, payload)))
    finally:
        codec.MAX_WIRE_BYTES = cap
    (kept,) = await quarantine.fetch(works.bench.database, [1])
    assert kept.data == payload
    await quarantine.mark_for_replay(works.bench.database, [1])
    await replayed(works, works.collector())
    assert [row.state for row in await works.bench.rows(tables.ledger)] == ["stored"]


async def test_what_is_still_wrong_stays_unmarked_and_is_kept_once(works: Works) -> None:
    """Still poison, held, lacking bodies, forked, or breaking our code again: no second copy, no endless loop."""
    bench, agent = works.bench, Agent()
    bench.judge.fail_on = "breaks.example"
    broken = agent.report(START_NS, agent.observations([TARGETS[0].model_copy(update={"host": "breaks.example"})]))
    lab = Agent("agent-02", "0" * 31 + "2").report(START_NS, lab=True)
    taker = Agent("agent-03", "0" * 31 + "3")
    bare = taker.report(START_NS, taker.observations(chain=[b"nobody has it"]), bodies=False)
    original, copy = Agent("agent-04", "0" * 31 + "4"), Agent("agent-04", "0" * 31 + "4")
    await bench.take(original.report(START_NS))
    forked = copy.report(START_NS + 1)
    things = [(broken[0], b"rubbish"), lab, bare, forked, broken]
    await keep(bench, *[Kept("report", topic, "", STREAM, 1, "of old", payload) for topic, payload in things])
    await replayed(works, works.collector())
    kept = await quarantine.listed(bench.database)
    assert [(one.id, one.replay, one.reason) for one in kept] == [(number, False, "of old") for number in range(5, 0, -1)]
    assert await Replay(bench.database, bench.history).due(bench.now_ns) == []


async def test_a_lab_agents_report_is_stored_once_the_centre_takes_lab_agents(works: Works) -> None:
    """The same bytes under other terms."""
    bench = works.bench
    topic, payload = Agent().report(START_NS, lab=True)
    await keep(bench, Kept("report", topic, "agent-01", STREAM, 1, "of old", payload))
    pipeline = Pipeline(bench.database, bench.history, Interpreter(bench.pipeline._interpreter._judge), Terms(accept_lab_agents=True))
    await replayed(works, works.collector(pipeline=pipeline))
    assert (await bench.rows(tables.quarantine), len(await bench.rows(tables.ledger))) == ([], 1)


async def test_refused_points_go_straight_to_the_history(bench: Bench) -> None:
    """Taken: out of quarantine, with its types. Refused again: it stays, unmarked."""
    bench.history.refuse = lambda point: point.measurement == "egress"
    await bench.take(Agent().report(START_NS))
    await quarantine.mark_for_replay(bench.database, [1])
    replay = Replay(bench.database, bench.history)
    assert await replay.due(bench.now_ns) == []
    assert [(one.kind, one.replay) for one in await quarantine.listed(bench.database)] == [("point", False)]
    bench.history.refuse = lambda _: False
    await quarantine.mark_for_replay(bench.database, [1])
    await replay.due(bench.now_ns)
    assert await quarantine.listed(bench.database) == []
    (point,) = await bench.points("egress")
    assert isinstance(point, Point)
    assert point.fields == {"total_ms": 20.25}


async def test_observations_of_unknown_kinds_wait_and_block_nobody(bench: Bench) -> None:
    """They cannot be marked: a hundred of them would stand before every other replay."""
    await keep(bench, Kept("raw", "t", "a", STREAM, 1, "unknown observation kinds: smell", b"[]"))
    assert [one.replay for one in await quarantine.listed(bench.database)] == [False]


async def test_tidying_is_done_once_a_minute_and_returns_the_drops(bench: Bench) -> None:
    """Seven days later what was kept is gone, counted; within the same minute nothing is looked at again."""
    replay = Replay(bench.database, bench.history)
    await keep(bench, Kept("report", "t", "a", STREAM, 1, "old", b"1"), marked=False)
    assert await replay.tidy(bench.now_ns + MAX_AGE_NS) == 0
    assert await replay.tidy(bench.now_ns + MAX_AGE_NS + 1) == 0
    assert await replay.tidy(bench.now_ns + MAX_AGE_NS + TRIM_EVERY_NS) == 1


async def test_a_batch_without_replays_touches_no_quarantine(bench: Bench) -> None:
    """A report that merely looks like one in quarantine does not release it."""
    topic, payload = Agent().report(START_NS)
    await keep(bench, Kept("report", topic, "agent-01", STREAM, 1, "of old", payload))
    plain = Arrival(topic, payload, bench.now_ns)
    replay = Replay(bench.database, bench.history)
    await replay.finished(await bench.pipeline.process([plain], bench.now_ns), [plain])
    assert len(await bench.rows(tables.quarantine)) == 1
    again = replace(plain, quarantine_id=1)
    await replay.finished(await bench.pipeline.process([again], bench.now_ns), [again])
    assert await bench.rows(tables.quarantine) == []
