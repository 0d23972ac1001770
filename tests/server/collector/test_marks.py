"""Holds server/collector/marks.py: which hours a batch marks in its commit: open ones once and when they are over, late ones always."""

import pytest

from server.history.port import Unavailable
from server.state.rollups_tables import rollup_due
from tests.fakes.history import After
from tests.fakes.reports import SECOND, START_NS, Agent
from tests.server.collector.conftest import Bench

HOUR = 3600 * SECOND


async def marked(bench: Bench) -> list[tuple[str, int]]:
    """Return site and number of hours before the present one, for each mark."""
    return [(row.site, bench.now_ns // HOUR - row.hour_ns // HOUR) for row in await bench.rows(rollup_due)]


async def test_an_open_hour_is_marked_once(bench: Bench) -> None:
    """In the steady state a report costs no mark; another process marks for itself; a site just met has the hour before marked as well."""
    agent = Agent()
    bench.now_ns = START_NS + SECOND
    await bench.take(agent.report(bench.now_ns))
    first = await marked(bench)
    assert first == [("Porto", 1), ("Porto", 0)]
    for _ in range(3):
        await bench.take(agent.report(bench.now_ns))
    assert await marked(bench) == first
    await bench.take(agent.report(bench.now_ns), pipeline=bench.another())
    assert await marked(bench) == 2 * first


async def test_an_hour_is_marked_again_when_it_is_over(bench: Bench) -> None:
    """Whoever reports next, once: a watcher whose clock is ahead may have summed up half of it, and taken its first mark away."""
    agent = Agent()
    bench.now_ns = START_NS + SECOND
    await bench.take(agent.report(bench.now_ns))
    before = await marked(bench)
    bench.now_ns += HOUR
    for _ in range(2):
        await bench.take(agent.report(bench.now_ns))
    assert (await marked(bench))[len(before) :] == [("Porto", 1), ("Porto", 0)]


async def test_a_clock_that_is_set_back(bench: Bench) -> None:
    """An hour that looked over while the clock was ahead is marked anew: what was said of it then may have been used up."""
    agent = Agent()
    real_ns = bench.now_ns = START_NS + SECOND
    await bench.take(agent.report(real_ns))
    bench.now_ns = real_ns + HOUR
    await bench.take(agent.report(real_ns))
    before = await marked(bench)
    bench.now_ns = real_ns
    for _ in range(2):
        await bench.take(agent.report(real_ns))
    assert (await marked(bench))[len(before) :] == [("Porto", 1), ("Porto", 0)]


async def test_late_data_is_marked_each_time(bench: Bench) -> None:
    """An hour that is over may have been summed up: every batch with something of it says so."""
    agent = Agent()
    bench.now_ns = START_NS + 5 * HOUR
    for _ in range(2):
        await bench.take(agent.report(START_NS))
    assert [hours for _, hours in await marked(bench)] == [5, 5]


async def test_no_mark_without_the_commit(bench: Bench) -> None:
    """A batch that is not stored marks nothing, and is not believed to have: stored at the second try, it does."""
    agent = Agent()
    bench.now_ns = START_NS + SECOND
    report = agent.report(bench.now_ns)
    bench.history.script = [After(Unavailable("away", "died"))]
    with pytest.raises(Unavailable):
        await bench.take(report)
    assert await marked(bench) == []
    await bench.take(report)
    assert await marked(bench) == [("Porto", 1), ("Porto", 0)]
