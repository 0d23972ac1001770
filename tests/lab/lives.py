"""Watchers as processes of their own, over one state database and one clock that a test sets: started, killed, two at once.

Only their lives are here; what is fed to them, and what must come of it, is each test's own.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from server.state.database import Database
from tests.fakes import state
from tests.lab.watcher_lives import CLOCK

PATIENCE_S = 60.0


class Lives:
    """The program that forks watchers, the clock they see, and what they say."""

    def __init__(self, folder: Path, zones: dict[str, str], now_ns: int) -> None:
        self.folder = folder
        self.tick = 0
        (folder / "registry.json").write_text(json.dumps(zones))
        self.set(0, now_ns)
        self.running: dict[str, int] = {}
        root = Path(__file__).parents[2]
        program = [sys.executable, "-P", str(root / "tests/lab/watcher_lives.py"), str(folder)]
        self._program = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(root)}
        )

    def set(self, tick: int, now_ns: int) -> None:
        """Let it be another moment."""
        new = self.folder / "new-clock"
        new.write_bytes(CLOCK.pack(tick, now_ns))
        new.replace(self.folder / "clock")
        self.tick = tick

    def start(self, holder: str = "watcher", ahead_s: float = 0.0) -> None:
        """Start a watcher."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f"{holder} {ahead_s}\n")
        self._program.stdin.flush()
        self.running[holder] = int(self._program.stdout.readline())

    def kill(self, holder: str = "watcher") -> None:
        """Kill it."""
        os.kill(self.running.pop(holder), signal.SIGKILL)

    def is_done(self, holder: str = "watcher") -> bool:
        """Return whether it has done all that was due at this tick."""
        said = self.folder / f"done-{holder}"
        return said.exists() and said.read_text() == str(self.tick)

    async def done(self, holder: str = "watcher") -> None:
        """Wait until it has."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.is_done(holder):  # noqa: ASYNC110 - another process says it, in a file
                await asyncio.sleep(0.001)

    def close(self) -> None:
        """End everything."""
        for holder in list(self.running):
            self.kill(holder)
        with self._program:
            self._program.kill()


@asynccontextmanager
async def company(folder: Path, zones: dict[str, str], now_ns: int) -> AsyncIterator[tuple[Database, Lives]]:
    """Give an empty state database and lives over it."""
    database = await state.fresh(folder)
    try:
        with closing(Lives(folder, zones, now_ns)) as lives:
            yield database, lives
    finally:
        await database.close()
