"""The watched loop: how long it was deaf, with a selector that is asked and never waited for."""

import asyncio
import sys
from pathlib import Path

import pytest

from agent.network.loop import ProcessorWait, WatchedLoop, WatchedSelector, watch_of


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


@pytest.mark.skipif(sys.platform != "linux", reason="schedstat is Linux'")
def test_waiting_for_a_processor_counts(tmp_path: Path) -> None:
    """What the kernel says this thread waited since last asked; nothing where it says nothing, says nonsense, or after the end."""
    file = tmp_path / "schedstat"
    file.write_text("100 5000 3\n")
    wait = ProcessorWait(str(file))
    for told, waited in (("100 5000 3\n", 0), ("100 2005000 4\n", 2_000_000), ("nonsense\n", 0), ("", 0), ("1 7 2\n", 7)):
        file.write_text(told)
        assert wait.take_ns() == waited
    wait.close()
    wait.close()
    assert wait.take_ns() == 0
    assert ProcessorWait(str(tmp_path / "absent")).take_ns() == 0


def test_only_a_watched_loop_has_a_watch() -> None:
    """The agent's loop knows its watch; another loop has none, and probes do without."""

    async def watched() -> bool:
        return watch_of(asyncio.get_running_loop()) is not None

    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        assert runner.run(watched())
    with asyncio.Runner() as runner:
        assert not runner.run(watched())
