"""The watched loop: how long it was deaf, with a selector that is asked and never waited for."""

import asyncio

from agent.network.loop import WatchedLoop, WatchedSelector, watch_of


def test_busy_counts_until_the_next_poll() -> None:
    """Busy time grows between polls, and the longest deaf stretch is told once."""
    watch = WatchedSelector()
    watch.select(0)
    first = watch.busy_ns()
    second = watch.busy_ns()
    assert second >= first >= 0
    watch.select(0)
    assert watch.take_worst_ms() > 0
    assert watch.take_worst_ms() == 0
    watch.close()


def test_only_a_watched_loop_has_a_watch() -> None:
    """The agent's loop knows its watch; another loop has none, and probes do without."""

    async def watched() -> bool:
        return watch_of(asyncio.get_running_loop()) is not None

    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        assert runner.run(watched())
    with asyncio.Runner() as runner:
        assert not runner.run(watched())
