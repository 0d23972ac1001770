"""The child that answers lines: shared, ended when idle, gone after whatever went wrong."""

import asyncio
import sys

import pytest

from agent.line_child import LineChild

ECHO = "import sys, json\nfor n, line in enumerate(sys.stdin):\n print(json.dumps({'n': n, 'line': json.loads(line)}), flush=True)"
SILENT = "import time; time.sleep(600)"


def child(code: str) -> LineChild:
    """Return a child that is a few lines of Python."""
    return LineChild((sys.executable, "-c", code), idle_s=600)


async def test_one_child_answers_in_order() -> None:
    """Requests at the same time share one child, and each gets its own answer."""
    one = child(ECHO)
    told = await asyncio.gather(*(one.ask({"of": number}, 60) for number in range(3)))
    assert [(answer["n"], answer["line"]["of"]) for answer in told] == [(0, 0), (1, 1), (2, 2)]
    assert (one.started, one.running) == (1, True)
    await one.close()
    assert not one.running


async def test_idle_child_ends_and_the_next_request_starts_another() -> None:
    """A child without requests gets its end of input and ends by itself; nothing is lost by it."""
    one = child(ECHO)
    await one.ask({}, 60)
    process = one._child
    assert process is not None
    one.end_idle()
    assert await asyncio.to_thread(process.wait, 60) == 0
    assert (await one.ask({}, 60))["n"] == 0
    assert one.started == 2
    await one.close()


@pytest.mark.parametrize(
    "code",
    [
        "input(); print('{}', end='', flush=True)",
        "raise SystemExit(1)",
        "input(); print('rubbish', flush=True); input()",
        "input(); print('[]', flush=True); input()",
        "input(); print('x' * 1000000, flush=True); input()",
    ],
)
async def test_a_broken_child_is_gone(code: str) -> None:
    """A child that ends, talks rubbish or talks without end is an error and no longer runs."""
    one = child(code)
    with pytest.raises((OSError, ValueError)):
        await one.ask({}, 60)
    assert not one.running


async def test_a_silent_child_is_killed() -> None:
    """A child that is late is killed at the limit, and the next request starts another."""
    one = child(SILENT)
    for started in (1, 2):
        with pytest.raises(TimeoutError):
            await one.ask({}, 0.05)
        assert (one.running, one.started) == (False, started)


async def test_cancelled_request_does_not_answer_the_next() -> None:
    """A request given up half way takes its child with it, so its late answer is never taken for another's."""
    one = child(SILENT)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(one.ask({}, 600), 0.05)
    assert not one.running


async def test_no_such_program() -> None:
    """A program that is not there is an OSError."""
    with pytest.raises(OSError, match="nonexistent"):
        await LineChild(("/nonexistent/python",), 1).ask({}, 60)
