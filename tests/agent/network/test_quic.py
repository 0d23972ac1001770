"""The agent's side of QUIC: one child for all that wait, gone afterwards, and a value whatever becomes of it."""

import asyncio
import sys
from pathlib import Path

import pytest

from agent.network.net import Exchange
from agent.network.quic import QuicChild
from agent.network.settings import Timeouts
from tests.fakes.quic import HOST, quic_doors
from wire.target import DIRECT, Target

LIMITS = Timeouts.every(5.0)
TARGET = Target(host=HOST, protocol="quic", category="Allow", workload="Teams")
EXCHANGE = Exchange(TARGET, DIRECT, "192.0.2.1")


async def test_one_child_for_a_round(tmp_path: Path) -> None:
    """Requests made together share a child; it has ended when the last is answered, and the next round has another."""
    child = QuicChild()
    async with quic_doors(tmp_path) as (port, chain):
        connect = {f"{HOST}:443/udp": f"127.0.0.1:{port}"}
        seen = await asyncio.gather(*(child.shake(EXCHANGE, LIMITS, connect, "kernel") for _ in range(3)))
        assert (child.started, child._child) == (1, None)
        again = await child.shake(EXCHANGE, LIMITS, connect, "kernel")
    assert child.started == 2
    assert [one.failure for one in (*seen, again)] == [None] * 4
    assert {one.chain for one in seen} == {chain}
    assert dict(again.headers)["ms-cv"]


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.exit(1)",
        "print('nonsense')",
        "print('[]')",
        "import sys; [print('{\"id\": 1}', flush=True) for _ in sys.stdin]",
        'import sys; [print(\'{"id": 1, "shaken": {"chain": [], "headers": []}}\', flush=True) for _ in sys.stdin]',
        "import time; time.sleep(60)",
    ],
    ids=["gone", "nonsense", "no object", "no result", "too little", "silent"],
)
async def test_a_bad_child(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that dies, lies or hangs makes a failure with a sentence, for all that wait, in bounded time; it does not stay."""
    monkeypatch.setattr("agent.network.quic.START_S", 1.5)
    child = QuicChild((sys.executable, "-c", program))
    limits = Timeouts.every(0.1)
    seen = await asyncio.gather(*(child.shake(EXCHANGE, limits, {}, "kernel") for _ in range(2)))
    assert [(one.failure, one.stage) for one in seen] == [("unknown", "connect")] * 2
    assert all("child that speaks QUIC" in (one.error or "") for one in seen)
    assert child._child is None


async def test_no_such_program() -> None:
    """A child that cannot be started is a failure too."""
    seen = await QuicChild(("/nonexistent/program",)).shake(EXCHANGE, LIMITS, {}, "loop")
    assert (seen.failure, seen.clock) == ("unknown", "loop")


async def test_a_stop_leaves_no_child() -> None:
    """Cancelled while the child works, the child goes."""
    child = QuicChild((sys.executable, "-c", "import sys; sys.stdin.read()"))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(child.shake(EXCHANGE, LIMITS, {}, "kernel"), name="shake")
        await asyncio.sleep(0)
        process = await child._running()  # waits until the task has started it
        task.cancel()
    assert process.returncode is not None
