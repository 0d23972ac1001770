"""InfluxDB's bad days, over HTTP, with its own words: collector, pipeline and client together lose nothing and say what is wrong."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from judge.finding import Judgement
from judge.seen import Seen
from server.collector.collector import Collector, Limits
from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.collector.replay import Replay
from server.config import History
from server.history.influx import Influx, InfluxSettings
from server.state import quarantine, tables
from tests.fakes.influx import Answer, FakeInflux, as_influx
from tests.fakes.judge import FakeJudge
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.fakes.state import fresh
from tests.server.collector.conftest import Works, bench_over
from wire.observation import WebObservation

AGENTS, REPORTS = 4, 6
QUEUE_BYTES = 128 << 10
"""Room for all reports of a test several times over, filled by resent ones within the first minutes of an hour away."""
FLAT_BYTES = 512 << 10
"""What memory may grow by in an hour: lists of what the fakes saw. The offers of that hour are many times as much (asserted)."""


class Remembering(FakeJudge):
    """Gives the same judgement for the same facts, as the real judge does; else each try's would fill a memo bounded at 20,000."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str, ...], Judgement] = {}

    def judge(self, seen: Sequence[Seen], certificates: Mapping[str, bytes], at_ns: int) -> Judgement:
        """Judge what was not seen before."""
        key = tuple(one.facts_id for one in seen)
        return self._known.setdefault(key, super().judge(seen, certificates, at_ns))


@dataclass
class Centre:
    """A collector before a fake InfluxDB. `shown` keeps the conditions /metrics showed while it waited."""

    works: Works
    fake: FakeInflux
    history: Influx
    collector: Collector
    shown: list[str]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the collector's loop until the block ends."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.collector.run(), name="collector")
            yield
            task.cancel()

    def offer(self, *messages: tuple[str, bytes]) -> list[asyncio.Future[None]]:
        """Queue messages as their source does; return the futures of those there was room for."""
        return [future for topic, payload in messages if (future := self.collector.offer(topic, payload)) is not None]

    async def take(self, *messages: tuple[str, bytes]) -> None:
        """Take messages in through the queue and the loop, however long it takes; none is shed."""
        async with self.running():
            queued = self.offer(*messages)
            assert len(queued) == len(messages)
            await asyncio.gather(*queued)

    @property
    def rows(self) -> set[str]:
        """Return what InfluxDB holds, a line for each row: the same line twice is one."""
        return set(self.fake.stored)

    def note(self) -> None:
        """Keep what an operator would see now."""
        names = ("ok", "away", "slow", "busy", "refused", "missing_bucket", "state")
        self.shown += [name for name in names if self.works.metric("middlewatch_history_condition", condition=name)]

    async def whole(self) -> bool:
        """Return whether every report is stored, receipted to its end, and nothing waits."""
        rows = await self.works.bench.rows(tables.ledger)
        ends = {agent: receipt.upto for agent, receipt in self.works.replies.sent}
        return {row.state for row in rows} == {"stored"} and len(rows) == AGENTS * REPORTS and set(ends.values()) == {REPORTS}


def centre_over(works: Works, fake: FakeInflux, timeout_s: float) -> Centre:
    """Return a centre with a new client of this InfluxDB; who makes it closes `history`."""
    bench, history = works.bench, Influx(InfluxSettings(fake.url, "token", "org", timeout_s))
    pipeline = Pipeline(bench.database, history, Interpreter(cast("Any", Remembering())), Terms())
    limits = Limits(batch_reports=8, queue_bytes=QUEUE_BYTES)
    collector = works.collector(limits, pipeline=pipeline, replay=Replay(bench.database, history))
    made = Centre(works, fake, history, collector, [])
    works.on_sleep = made.note
    return made


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    """Give a centre whose InfluxDB behaves until it is told otherwise."""
    bench = bench_over(await fresh(tmp_path), tmp_path)
    fake = FakeInflux()
    await fake.start()
    made = centre_over(Works(bench), fake, timeout_s=1.5)  # a busy machine took longer than 0.3 for an answer that was there
    yield made
    await made.history.close()
    await fake.stop()
    await bench.history.close()
    await bench.database.close()


def messages(error: str | None = None) -> list[tuple[str, bytes]]:
    """Return a few reports of a few agents. `error` is the error text of one observation in each agent's third report."""
    made = []
    for number in range(1, AGENTS + 1):
        agent = Agent(f"agent-{number:02d}", f"{number:032x}")
        seen = agent.observations(TARGETS[:2])
        first = cast("WebObservation", seen[0])
        for minute in range(REPORTS):
            marked = [first.model_copy(update={"error": error if minute == 2 else None}), *seen[1:]]
            made.append(agent.report(START_NS + minute * 60 * SECOND, marked))
    return made


def failing(status: int, body: object, times: int, **headers: str) -> Callable[[list[str]], Answer]:
    """Return an answer that fails so often, then behaves."""
    left = [times]

    def answer(lines: list[str]) -> Answer:
        left[0] -= 1
        if left[0] < 0:
            return as_influx(lines)
        return Answer(status, body if isinstance(body, str) else json.dumps(body), headers)

    return answer


@pytest.fixture
async def expected(tmp_path: Path, centre: Centre) -> set[str]:
    """Give the lines of a day without trouble."""
    (tmp_path / "calm").mkdir()
    calm = bench_over(await fresh(tmp_path / "calm"), tmp_path / "calm")
    pipeline = Pipeline(calm.database, centre.history, Interpreter(cast("Any", calm.judge)), Terms())
    await pipeline.process(centre.works.arrivals(*messages()), calm.now_ns)
    await calm.history.close()
    await calm.database.close()
    lines, centre.fake.stored = set(centre.fake.stored), []
    return lines


REFUSALS = [
    (401, {"code": "unauthorized", "message": "unauthorized access"}, "refused", "history.token"),
    (403, {"code": "forbidden", "message": "insufficient permissions for write"}, "refused", "history.token"),
    (404, {"code": "not found", "message": 'bucket "mw_raw" not found'}, "missing_bucket", "middlewatch-server setup"),
    (429, {"code": "too many requests", "message": "exceeded quota"}, "busy", "asks to wait"),
    (503, {"code": "unavailable", "message": "unavailable"}, "busy", "asks to wait"),
    (500, {"code": "internal error", "message": "unexpected error writing points to database: timeout"}, "away", "its own failure"),
    (502, "<html>Bad Gateway</html>", "away", "answers 502"),
    (200, "<html>Sign in</html>", "refused", "something else at history.url"),
]


@pytest.mark.parametrize(("status", "body", "condition", "words"), REFUSALS)
async def test_an_answer_that_promises_nothing(
    centre: Centre, expected: set[str], status: int, body: object, condition: str, words: str
) -> None:
    """Waited for, shown, told once with the remedy; then all is stored and nothing is in quarantine."""
    centre.fake.answer = failing(status, body, 5)
    await centre.take(*messages())
    assert set(centre.shown) == {condition}
    assert await centre.whole()
    assert centre.rows == expected
    assert await centre.works.bench.rows(tables.quarantine) == []
    told = [values for _, event, values in centre.works.log.lines if event == "history_unavailable"]
    assert len(told) == 1
    assert words in told[0]["sentence"]
    assert centre.works.metric("middlewatch_history_condition", condition="ok") == 1


async def test_retry_after_is_heeded(centre: Centre, expected: set[str]) -> None:
    """429 with its header: the next question comes when it may."""
    centre.fake.answer = failing(429, {"code": "too many requests", "message": "later"}, 3, **{"Retry-After": "20"})
    await centre.take(*messages())
    assert centre.rows == expected
    assert all(15 <= slept <= 25 for slept in centre.works.slept)


@dataclass
class Hour:
    """What is offered, and what memory and queue come to, each time the collector waits; `over` is set when an hour has passed."""

    centre: Centre
    end_ns: int
    spool: list[tuple[str, bytes]]
    offered_bytes: int = 0
    queue_bytes: float = 0
    full_bytes: int = 0
    left_bytes: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def look(self) -> None:
        """Offer every report four times as new bytes, as agents that get no receipt do, and measure once one was shed."""
        if self.over.is_set():
            return
        works = self.centre.works
        self.centre.note()
        for topic, payload in self.spool * 4:
            self.centre.offer((topic, bytes(bytearray(payload))))
            self.offered_bytes += len(payload)
        self.queue_bytes = max(self.queue_bytes, works.metric("middlewatch_queue_bytes"))
        ended = works.bench.now_ns >= self.end_ns
        if ended or (not self.full_bytes and works.metric("middlewatch_reports_total", outcome="shed")):
            gc.collect()
            self.left_bytes = tracemalloc.get_traced_memory()[0]
            self.full_bytes = self.full_bytes or self.left_bytes
        if ended:
            self.over.set()


@pytest.fixture
def traced() -> Iterator[None]:
    """Trace memory during a test."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
async def test_gone_for_an_hour(centre: Centre, expected: set[str]) -> None:
    """Port closed for a simulated hour of resent reports: shown as away, queue and memory bounded, then all is there."""
    url, port = centre.fake.url, int(centre.fake.url.rpartition(":")[2])
    await centre.fake.stop()
    hour = Hour(centre, centre.works.bench.now_ns + 3600 * SECOND, messages())
    centre.works.on_sleep = hour.look
    async with centre.running():
        centre.offer(*messages())
        await hour.over.wait()
        await centre.fake.start(port)
        while not await centre.whole():
            await asyncio.gather(*centre.offer(*messages()))
    assert hour.offered_bytes > 8 * (QUEUE_BYTES + FLAT_BYTES)
    assert QUEUE_BYTES // 2 < hour.queue_bytes <= QUEUE_BYTES
    assert hour.left_bytes <= hour.full_bytes + FLAT_BYTES
    assert centre.fake.url == url
    assert set(centre.shown) == {"away"}
    assert 110 <= len(centre.works.slept) <= 400
    assert centre.rows == expected
    history = [line for line in centre.works.log.events() if line[1].startswith("history")]
    assert history == [("warning", "history_unavailable"), ("warning", "history_available")]


async def test_slow_within_its_limit(centre: Centre, expected: set[str]) -> None:
    """It answers late but in time: what comes meanwhile waits in the queue, nothing is shed or made again, each report receipted once.

    Stands for an InfluxDB that takes 10 s with the default limit of 30 s: the answer is held until the test lets it go.
    """
    fake, works = centre.fake, centre.works
    fake.silence = asyncio.Event()
    fake.asked.clear()
    slow = centre_over(works, fake, timeout_s=History(token="token").timeout_s)
    first, rest = messages()[:8], messages()[8:]
    async with slow.running():
        queued = slow.offer(*first)
        await fake.asked.wait()
        queued += slow.offer(*rest)
        assert len(queued) == AGENTS * REPORTS
        assert works.metric("middlewatch_queue_reports") == len(rest)
        assert works.metric("middlewatch_history_condition", condition="ok") == 1
        assert (fake.stored, works.replies.sent, await works.bench.rows(tables.ledger)) == ([], [], [])
        fake.silence.set()
        await asyncio.gather(*queued)
    await slow.history.close()
    assert await slow.whole()
    assert sorted(fake.stored) == sorted(expected)
    ends = [(int(agent[-2:]), receipt.upto) for agent, receipt in works.replies.sent]
    assert ends == [(1, 6), (2, 2), (2, 6), (3, 4), (3, 6), (4, 6)]  # batches of eight, each agent's six in a row
    assert works.metric("middlewatch_reports_total", outcome="shed") == 0
    assert (slow.shown, works.slept, works.log.events()) == ([], [], [])


async def test_slow_beyond_its_limit(centre: Centre, expected: set[str]) -> None:
    """It takes the request and answers too late: the request counts as not stored, is made again, and the row is the same."""
    centre.fake.silence = asyncio.Event()
    tries = [3]

    def wake() -> None:
        centre.note()
        tries[0] -= 1
        if not tries[0] and centre.fake.silence is not None:
            centre.fake.silence.set()

    centre.works.on_sleep = wake
    await centre.take(*messages())
    assert set(centre.shown) == {"slow"}
    assert await centre.whole()
    assert centre.rows == expected


async def test_an_unreadable_line_costs_one_point(centre: Centre, expected: set[str]) -> None:
    """400 refuses the whole body: the client halves until the point stands alone; it is kept, its report stored and receipted."""
    await centre.take(*messages("unreadable"))
    assert await centre.whole()
    kept = await quarantine.fetch(centre.works.bench.database, range(1, 100))
    assert [(one.kind, one.topic, one.seq, one.reason[:9]) for one in kept] == [("point", "mw_raw", 3, "malformed")] * AGENTS
    assert len(centre.rows) == len(expected) - AGENTS
    assert centre.rows < expected
    assert centre.works.metric("middlewatch_points_rejected_total", reason="malformed") == AGENTS
    assert centre.works.metric("middlewatch_points_stored_total") == len(expected) - AGENTS
    assert ("error", "points_rejected") in centre.works.log.events()


@pytest.mark.parametrize(("word", "reason"), [("conflict", "conflict"), ("ancient", "expired")])
async def test_points_that_are_dropped_are_named_and_can_be_replayed(centre: Centre, expected: set[str], word: str, reason: str) -> None:
    """422 stores the rest: the dropped points are found, kept, counted; and written once the cause is mended."""
    await centre.take(*messages(word))
    assert await centre.whole()
    assert centre.works.metric("middlewatch_points_rejected_total", reason=reason) == AGENTS
    assert len(centre.rows) == len(expected) - AGENTS
    centre.fake.answer = lambda lines: Answer(stored=tuple(lines))
    await quarantine.mark_for_replay(centre.works.bench.database, range(1, 100))
    assert await Replay(centre.works.bench.database, centre.history).due(centre.works.bench.now_ns) == []
    assert await centre.works.bench.rows(tables.quarantine) == []
    assert len(centre.rows) == len(expected)


async def test_too_large_a_request_is_cut(centre: Centre, expected: set[str]) -> None:
    """413 for more than ten lines: halved until it fits, nothing refused, no condition."""

    def answer(lines: list[str]) -> Answer:
        return Answer(413, '{"code":"request too large","message":"body too large"}') if len(lines) > 10 else as_influx(lines)

    centre.fake.answer = answer
    await centre.take(*messages())
    assert await centre.whole()
    assert centre.rows == expected
    assert (centre.shown, await centre.works.bench.rows(tables.quarantine)) == ([], [])


async def test_one_bad_day(centre: Centre, expected: set[str]) -> None:
    """Every trouble in a row in one life of a collector, fed through its bounded queue: all rows once, each change of state told."""
    centre.fake.answer = failing(503, {"code": "unavailable", "message": "unavailable"}, 3)
    rest = messages()
    for status in (429, 500, 404, 401):
        part, rest = rest[:4], rest[4:]
        await centre.take(*part)
        centre.fake.answer = failing(status, {"code": "x", "message": "words"}, 2)
    await centre.take(*rest)
    assert list(dict.fromkeys(centre.shown)) == ["busy", "away", "missing_bucket", "refused"]
    assert await centre.whole()
    assert centre.rows == expected
    levels = [level for level, event in centre.works.log.events() if event == "history_unavailable"]
    assert levels == ["warning", "warning", "warning", "error", "error"]
