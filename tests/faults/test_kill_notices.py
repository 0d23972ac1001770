"""Whoever tells is killed with SIGKILL, while a receiver has a letter in hand and at any other moment: every event is told, no key changes.

Two processes race for the lease all the while; each life's clock is ahead of the one before, so that nobody waits for a dead one's lease.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from server.state import letters, notices
from server.state.database import Database
from server.state.events import EventRow
from server.watcher.telling import publish
from tests.fakes.notices import START, Receiver, receiving
from tests.fakes.state import fresh

pytestmark = pytest.mark.kill
LIVES, EVENTS = 14, 12
PROGRAM = Path(__file__).parents[1] / "lab" / "telling_server.py"
PATIENCE_S = 200.0
"""20 s alone on two cores; below the 300 s at which pytest shows where it hangs."""


async def happen(database: Database, numbers: range) -> None:
    """Tell events of as many devices: each is an alert and a letter of its own."""
    async with database.writing() as transaction:
        for number in numbers:
            event = EventRow("appeared", "P2", f"d{number}", "Porto", 1, START, START, "A device.", b"{}")
            assert await publish(database, transaction, event, START)


class Stage:
    """The pair that tells now, and the receiver that may kill it with a letter in hand."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.receiver = Receiver(gate=self._in_hand)
        self._state = f"sqlite+aiosqlite:///{folder / 'state.db'}"
        self._living: list[subprocess.Popen[bytes]] = []
        self._deadly = False

    async def _in_hand(self) -> None:
        if self._deadly:
            self._deadly = False
            self._kill()

    def _kill(self) -> None:
        for one in self._living:
            one.kill()

    def live(self, life: int) -> None:
        """Start a pair whose clock is ahead of all before."""
        for name in ("a", "b"):
            arguments = [self._state, self.receiver.url, str(life * 100), f"{name}{life}"]
            self._living.append(subprocess.Popen([sys.executable, str(PROGRAM), *arguments], cwd=PROGRAM.parents[2]))

    async def die(self, *, in_hand: bool, after_s: float) -> None:
        """End the pair: when the receiver has its next letter, or after a while."""
        self._deadly = in_hand
        await (until(self._is_killed) if in_hand else asyncio.sleep(after_s))
        self.end()

    def end(self) -> None:
        """Kill whoever lives."""
        self._kill()
        for one in self._living:
            one.wait()
        self._living.clear()

    async def _is_killed(self) -> bool:
        return not self._deadly

    async def begun(self) -> bool:
        """Return whether notices have begun: what is told before is not told to anybody."""
        async with self.database.reading() as transaction:
            return "begin" in await notices.marks(transaction)

    async def done(self, told: int) -> bool:
        """Return whether every letter was taken."""
        async with self.database.reading() as transaction:
            return (await letters.counts(transaction)).get("noc") == {"sent": told}


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so."""
    while not await met():  # noqa: ASYNC110 - what is waited for is in other processes
        await asyncio.sleep(0.05)


async def test_telling_survives_every_kill(tmp_path: Path) -> None:
    """A third of the lives ends with a letter in the receiver's hand; in the end each event was told under one key, with one content."""
    chance = random.Random(int(os.environ.get("MIDDLEWATCH_SEED", "20261125")))
    stage = Stage(await fresh(tmp_path), tmp_path)
    async with receiving(stage.receiver), asyncio.timeout(PATIENCE_S):
        try:
            stage.live(0)
            await until(stage.begun)
            for life in range(1, LIVES + 1):
                await happen(stage.database, range((life - 1) * EVENTS, life * EVENTS))
                await stage.die(in_hand=life % 3 == 0, after_s=chance.uniform(0.1, 1.5))
                stage.live(life)
            await until(lambda: stage.done(LIVES * EVENTS))
        finally:
            stage.end()
    await stage.database.close()
    contents: dict[str, set[bytes]] = {}
    for headers, body in stage.receiver.got:
        contents.setdefault(headers["Idempotency-Key"], set()).add(body)
    assert {len(bodies) for bodies in contents.values()} == {1}
    events = [event["identity"] for bodies in contents.values() for body in bodies for event in json.loads(body)["events"]]
    assert len(events) == len(set(events)) == LIVES * EVENTS
    assert len(stage.receiver.got) - len(contents) >= LIVES // 3  # what was in a receiver's hand came again, under its key
