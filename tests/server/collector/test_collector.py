"""The collector's loop: bounded memory, patience with the stores, one bad report never in another's way, receipts after the commit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from server.collector.collector import Collector, Limits
from server.collector.pipeline import Contended, Outcome
from server.history.port import Condition, Point, Unavailable
from server.ingest.port import Arrival
from server.state import quarantine, tables
from tests.fakes.loop import FakeReplies
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.server.collector.conftest import Bench, Works
from wire.receipt import Receipt

Message = tuple[str, bytes]


def reports(agent: Agent, count: int) -> list[Message]:
    """Return this many reports of two observations."""
    return [agent.report(START_NS + index * SECOND, agent.observations(TARGETS[:1])[:2]) for index in range(count)]


class Faulty:
    """A pipeline that raises what its script says, then works."""

    def __init__(self, bench: Bench, *script: Exception) -> None:
        self._bench = bench
        self.script = list(script)
        self.sizes: list[int] = []

    async def process(self, arrivals: Sequence[Arrival], now_ns: int) -> Outcome:
        """Raise the next fault, or store."""
        self.sizes.append(len(arrivals))
        if self.script:
            raise self.script.pop(0)
        return await self._bench.pipeline.process(arrivals, now_ns)


@asynccontextmanager
async def running(collector: Collector) -> AsyncIterator[None]:
    """Run a collector's loop until the block ends."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(collector.run(), name="collector")
        yield
        task.cancel()


async def finish(collector: Collector, *futures: asyncio.Future[None] | None) -> None:
    """Run a collector until these are done."""
    async with running(collector):
        await asyncio.gather(*[future for future in futures if future is not None])


async def stored(bench: Bench) -> set[tuple[str, int]]:
    """Return (stream, number) of all that is stored."""
    return {(row.stream, row.seq) for row in await bench.rows(tables.ledger) if row.state == "stored"}


async def test_what_is_offered_is_stored_receipted_and_told(works: Works) -> None:
    """One report through the loop: its future is done when the receipt is out, and the watcher was woken."""
    collector = works.collector()
    (message,) = reports(Agent(), 1)
    await finish(collector, collector.offer(*message))
    assert [(agent, receipt.upto) for agent, receipt in works.replies.sent] == [("agent-01", 1)]
    assert works.woken == 1
    assert works.metric("middlewatch_reports_total", outcome="stored") == 1
    assert works.metric("middlewatch_points_stored_total") == 3


async def test_a_full_queue_sheds_counts_and_says_so_once(works: Works) -> None:
    """No room in reports or in bytes: let go, counted, one line however many, and one again after there had been room."""
    messages = reports(Agent(), 8)
    size = sum(len(payload) for _, payload in messages[:4])
    for limits in (Limits(queue_reports=4), Limits(queue_bytes=size)):
        works.log.lines.clear()
        collector = works.collector(limits)
        futures = [collector.offer(*message) for message in messages]
        assert [future is not None for future in futures] == [True] * 4 + [False] * 4
        assert works.metric("middlewatch_queue_reports") == 4
        assert works.metric("middlewatch_queue_bytes") == size
        assert works.metric("middlewatch_reports_total", outcome="shed") == 4
        assert works.log.events() == [("warning", "reports_shed")]
        await finish(collector, *futures)
        assert works.metric("middlewatch_queue_bytes") == 0
        for message in messages:
            collector.offer(*message)
        assert works.log.events().count(("warning", "reports_shed")) == 2


async def test_batches_keep_to_their_limits_and_to_the_order(works: Works) -> None:
    """A batch is cut at its number of reports, and after the report that reaches its bytes."""
    messages = reports(Agent(), 6)
    for limits, sizes in (
        (Limits(batch_reports=4), [4, 2]),
        (Limits(batch_bytes=max(len(payload) for _, payload in messages) + 1), [2, 2, 2]),
    ):
        faulty = Faulty(works.bench)
        collector = works.collector(limits, pipeline=faulty)
        await finish(collector, *[collector.offer(*message) for message in messages])
        assert faulty.sizes == sizes


CONDITIONS: list[tuple[Condition, str]] = [
    ("away", "warning"),
    ("slow", "warning"),
    ("busy", "warning"),
    ("refused", "error"),
    ("missing_bucket", "error"),
]


@pytest.mark.parametrize(("condition", "level"), CONDITIONS)
async def test_an_hour_without_history_loses_nothing(works: Works, condition: Condition, level: str) -> None:
    """For each condition: the queue stays bounded, the state shows in metrics, two log lines in all, and then all is stored."""
    bench, agent, end_ns = works.bench, Agent(), works.bench.now_ns + 3600 * SECOND
    spool = {("0" * 31 + "1", seq): message for seq, message in enumerate(reports(agent, 24), 1)}
    inner = bench.history.write

    async def write(bucket: Any, points: Sequence[Point]) -> Any:
        if bench.now_ns < end_ns:
            raise Unavailable(condition, "history.url: what to do about it", 2.0)
        return await inner(bucket, points)

    bench.history.write = write  # type: ignore[method-assign]
    limits = Limits(queue_reports=10, batch_reports=4)
    collector = works.collector(limits)
    seen: set[tuple[float, float]] = set()

    def resend() -> None:
        for message in spool.values():
            collector.offer(*message)
        seen.add((works.metric("middlewatch_queue_reports"), works.metric("middlewatch_history_condition", condition=condition)))

    works.on_sleep = resend
    async with running(collector):
        while missing := set(spool) - await stored(bench):
            futures = [collector.offer(*spool[key]) for key in sorted(missing)]
            await asyncio.gather(*[future for future in futures if future is not None])
    assert {reports for reports, _ in seen} <= {10.0, 9.0, 8.0, 7.0, 6.0}
    assert seen >= {(10.0, 1.0)}
    assert sum(works.slept) == pytest.approx(3600, abs=80)
    assert [line for line in works.log.events() if line[1].startswith("history")] == [
        (level, "history_unavailable"),
        ("warning", "history_available"),
    ]
    assert works.metric("middlewatch_history_condition", condition="ok") == 1
    assert works.telemetry.condition_sentence == ""
    assert {tuple(receipt.ends)[-1] for _, receipt in works.replies.sent} <= {row.digest for row in await bench.rows(tables.ledger)}


async def test_each_change_of_condition_is_one_line(works: Works) -> None:
    """Away twice, busy twice, away: three lines; what is said last is what /healthz shows."""
    away, busy = Unavailable("away", "no answer"), Unavailable("busy", "it asks to wait", 7.0)
    faulty = Faulty(works.bench, away, away, busy, busy, away)
    collector = works.collector(pipeline=faulty)
    sentences: list[str] = []
    works.on_sleep = lambda: sentences.append(works.telemetry.condition_sentence)
    await collector.settle(works.arrivals(*reports(Agent(), 1)))
    assert [values["condition"] for _, name, values in works.log.lines if name == "history_unavailable"] == ["away", "busy", "away"]
    assert sentences == ["no answer"] * 2 + ["it asks to wait"] * 2 + ["no answer"]


async def test_waits_double_to_half_a_minute_and_heed_what_the_server_asks(works: Works) -> None:
    """1, 2, 4 ... 30 s with a quarter of jitter; a server that asks for five minutes is asked again after half a minute."""
    collector = works.collector(pipeline=Faulty(works.bench, *[Unavailable("away", "no answer", 0.5)] * 7, Unavailable("busy", "", 300.0)))
    await collector.settle(works.arrivals(*reports(Agent(), 1)))
    for waited, due in zip(works.slept, [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert 0.75 * due <= waited <= 1.25 * due
    works.slept.clear()
    await works.collector(pipeline=Faulty(works.bench, Unavailable("busy", "", 12.0))).settle(works.arrivals(*reports(Agent(), 1)))
    assert 9 <= works.slept[0] <= 15


async def test_our_own_fault_puts_one_report_away_and_stores_the_others(works: Works) -> None:
    """A judge that fails on one report of nine: that one is in quarantine with its bytes, eight are stored, all are receipted."""
    agent, bad = Agent(), Agent("agent-02", "0" * 31 + "2")
    works.bench.judge.fail_on = TARGETS[5].host
    culprit = bad.report(START_NS, bad.observations(TARGETS[5:6]))
    good = reports(agent, 8)
    await works.collector().settle(works.arrivals(*good[:3], culprit, *good[3:]))
    assert await stored(works.bench) == {(agent.stream, seq) for seq in range(1, 9)}
    (kept,) = await quarantine.fetch(works.bench.database, [1])
    assert (kept.agent, kept.data, kept.reason) == ("agent-02", culprit[1], "the collector failed on it: ValueError")
    assert works.log.events().count(("error", "report_broke_the_collector")) == 1
    (told,) = [receipt for name, receipt in works.replies.sent if name == "agent-02"]
    assert [one.seq for one in told.quarantined] == [1]
    assert max(receipt.upto for name, receipt in works.replies.sent if name == "agent-01") == 8


async def test_what_cannot_even_be_put_away_stays_with_its_agent(works: Works) -> None:
    """When quarantine fails too there is no receipt, the collector lives, and the next report is stored."""
    faulty = Faulty(works.bench, ValueError("judge"), ValueError("quarantine"))
    collector = works.collector(pipeline=faulty)
    first, second = reports(Agent(), 2)
    await finish(collector, collector.offer(*first))
    assert works.replies.sent == []
    await collector.settle(works.arrivals(first, second))
    assert works.replies.sent[-1][1].upto == 2


async def test_contended_is_tried_again_at_once(works: Works) -> None:
    """Another collector was faster: no wait, no log line."""
    collector = works.collector(pipeline=Faulty(works.bench, Contended(), Contended()))
    await collector.settle(works.arrivals(*reports(Agent(), 1)))
    assert (works.slept, works.log.lines) == ([], [])
    assert works.replies.sent[0][1].upto == 1


async def test_a_state_database_that_is_away_is_waited_for(works: Works) -> None:
    """Locked, gone or starting up: condition `state`, told once, and then the batch is stored."""
    gone = OperationalError("SELECT", {}, Exception("the database system is starting up"))
    collector = works.collector(pipeline=Faulty(works.bench, gone, ConnectionRefusedError(), gone))
    await collector.settle(works.arrivals(*reports(Agent(), 1)))
    assert len(works.slept) == 3
    assert [values.get("condition") for _, _, values in works.log.lines] == ["state", None]
    assert "state.url" in works.log.lines[0][2]["sentence"]
    assert works.replies.sent[0][1].upto == 1


async def test_data_the_database_will_never_take_is_put_away(works: Works) -> None:
    """A text PostgreSQL refuses must not look like an outage: its report goes to quarantine, its neighbour is stored."""
    refused = DataError("INSERT", {}, Exception("invalid byte sequence"))
    faulty = Faulty(works.bench, refused, refused)
    await works.collector(pipeline=faulty).settle(works.arrivals(*reports(Agent(), 2)))
    assert faulty.sizes == [2, 1, 1, 1]
    assert {(row.seq, row.state) for row in await works.bench.rows(tables.ledger)} == {(1, "quarantined"), (2, "stored")}
    assert works.slept == []


async def test_a_row_another_process_made_first_is_looked_at_again(works: Works) -> None:
    """A unique constraint broken by a race is tried again at once; broken for ever, the batch is searched for the guilty report."""
    raced = IntegrityError("INSERT", {}, Exception("UNIQUE"))
    await works.collector(pipeline=Faulty(works.bench, raced, raced)).settle(works.arrivals(*reports(Agent(), 1)))
    assert works.replies.sent[-1][1].upto == 1
    other = Agent("agent-02", "0" * 31 + "2")
    await works.collector(pipeline=Faulty(works.bench, *[raced] * 6)).settle(works.arrivals(*reports(other, 1)))
    assert [one.seq for one in works.replies.sent[-1][1].quarantined] == [1]
    assert works.slept == []


async def test_receipts_go_out_after_the_commit_only(works: Works) -> None:
    """At the moment of each receipt every number it calls done is in the ledger for any other connection to see."""
    seen: list[tuple[int, int]] = []

    class Checking(FakeReplies):
        async def receipt(self, agent: str, receipt: Receipt) -> None:
            seen.append((receipt.upto, len(await stored(works.bench))))

    works.replies = Checking()
    collector = works.collector(Limits(batch_reports=2))
    await finish(collector, *[collector.offer(*message) for message in reports(Agent(), 6)])
    assert seen == [(2, 2), (4, 4), (6, 6)]


async def test_cancelled_in_the_middle_of_a_batch_loses_nothing(works: Works) -> None:
    """Cancelled while the history writes: nothing promised; the agent sends again, another collector stores each once."""
    messages = reports(Agent(), 3)
    entered = asyncio.Event()
    inner = works.bench.history.write

    async def hang(bucket: Any, points: Sequence[Point]) -> Any:
        await inner(bucket, points)
        entered.set()
        await asyncio.Event().wait()

    works.bench.history.write = hang  # type: ignore[method-assign]
    collector = works.collector()
    futures = [collector.offer(*message) for message in messages]
    async with running(collector):
        await entered.wait()
    assert not any(future and future.done() for future in futures)
    assert (works.replies.sent, await works.bench.rows(tables.ledger)) == ([], [])
    points = await works.bench.points()
    works.bench.history.write = inner  # type: ignore[method-assign]
    await works.collector(pipeline=works.bench.another()).settle(works.arrivals(*messages))
    assert await works.bench.points() == points
    assert len(await works.bench.rows(tables.ledger)) == 3


async def test_a_replay_that_cannot_be_tidied_up_does_not_stop_the_collector(works: Works) -> None:
    """The state database goes away between commit and tidying: the receipt is out, the mark stays, the second replay is a duplicate."""
    topic, payload = reports(Agent(), 1)[0]
    await works.bench.take((topic, b"rubbish"))
    await quarantine.mark_for_replay(works.bench.database, [1])
    collector = works.collector()
    replayed = replace(works.arrivals((topic, payload))[0], quarantine_id=1)
    refuse = OperationalError("DELETE", {}, Exception("gone"))

    def fail(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("DELETE FROM quarantine"):
            raise refuse

    event.listen(works.bench.database.engine.sync_engine, "before_cursor_execute", fail)
    await collector.settle([replayed])
    event.remove(works.bench.database.engine.sync_engine, "before_cursor_execute", fail)
    assert works.replies.sent[-1][1].upto == 1
    assert len(await works.bench.rows(tables.quarantine)) == 1
    await collector.settle([replayed])
    assert await works.bench.rows(tables.quarantine) == []
    assert works.metric("middlewatch_reports_total", outcome="duplicate") == 1


async def test_housekeeping_replays_and_survives_the_stores(works: Works) -> None:
    """What is marked goes through the loop like any report; a round that meets a dead history is just made again."""
    topic, payload = reports(Agent(), 1)[0]
    async with works.bench.database.writing() as connection:
        await quarantine.keep(connection, [quarantine.Kept("report", topic, "agent-01", "0" * 31 + "1", 1, "too early", payload)], 1)
    await quarantine.mark_for_replay(works.bench.database, [1])
    rounds = iter([Unavailable("away", "no answer"), OSError("state"), None])
    done = asyncio.Event()

    class Replaying:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        async def tidy(self, now_ns: int) -> int:
            return 0

        async def due(self, now_ns: int) -> Any:
            if (fault := next(rounds)) is not None:
                raise fault
            return await self._inner.due(now_ns)

        async def finished(self, outcome: Outcome, batch: Sequence[Arrival]) -> None:
            await self._inner.finished(outcome, batch)
            done.set()

    real = works.collector()._replay
    collector = works.collector(Limits(housekeeping_s=1.0), replay=Replaying(real))
    async with running(collector):
        await done.wait()
    assert await stored(works.bench) == {("0" * 31 + "1", 1)}
    assert await works.bench.rows(tables.quarantine) == []
