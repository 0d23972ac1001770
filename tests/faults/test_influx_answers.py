"""InfluxDB's bad days, over HTTP, with its own words: collector, pipeline and client together lose nothing and say what is wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from server.collector.collector import Collector, Limits
from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.collector.replay import Replay
from server.history.influx import Influx, InfluxSettings
from server.state import quarantine, tables
from tests.fakes.influx import Answer, FakeInflux, as_influx
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.fakes.state import fresh
from tests.server.collector.conftest import Works, bench_over
from wire.observation import WebObservation

AGENTS, REPORTS = 4, 6


@dataclass
class Centre:
    """A collector before a fake InfluxDB. `shown` keeps the conditions /metrics showed while it waited."""

    works: Works
    fake: FakeInflux
    history: Influx
    collector: Collector
    shown: list[str]

    async def take(self, *messages: tuple[str, bytes]) -> None:
        """Take messages in, however long it takes."""
        await self.collector.settle(self.works.arrivals(*messages))

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


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    """Give a centre whose InfluxDB behaves until it is told otherwise."""
    bench = bench_over(await fresh(tmp_path), tmp_path)
    fake, works = FakeInflux(), Works(bench)
    await fake.start()
    history = Influx(InfluxSettings(fake.url, "token", "org", timeout_s=0.3))
    pipeline = Pipeline(bench.database, history, Interpreter(cast("Any", bench.judge)), Terms())
    collector = works.collector(Limits(batch_reports=8), pipeline=pipeline, replay=Replay(bench.database, history))
    made = Centre(works, fake, history, collector, [])
    works.on_sleep = made.note
    yield made
    await history.close()
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


async def test_gone_for_an_hour(centre: Centre, expected: set[str]) -> None:
    """Port closed for a simulated hour: asked every half minute at most, shown as away, then all is there."""
    url, port = centre.fake.url, int(centre.fake.url.rpartition(":")[2])
    await centre.fake.stop()
    end_ns = centre.works.bench.now_ns + 3600 * SECOND
    over = asyncio.Event()

    def look() -> None:
        centre.note()
        if centre.works.bench.now_ns >= end_ns:
            over.set()

    centre.works.on_sleep = look
    async with asyncio.TaskGroup() as group:
        group.create_task(centre.take(*messages()), name="take")
        await over.wait()
        await centre.fake.start(port)
    assert centre.fake.url == url
    assert set(centre.shown) == {"away"}
    assert 110 <= len(centre.works.slept) <= 400
    assert await centre.whole()
    assert centre.rows == expected
    assert centre.works.log.events() == [("warning", "history_unavailable"), ("warning", "history_available")]


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
