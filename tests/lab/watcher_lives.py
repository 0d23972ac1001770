"""Watchers to be killed: a process that has imported everything forks one for each line it reads; an import takes longer than a life.

Takes a folder with `state.db` and what of it the lives use: `history.db`, `registry.json` ({site: zone}), and `clock`, sixteen bytes
written by the test: the number of a tick and its time in Unix ns. A line is `holder seconds-ahead` (of its clock); the answer is the
process id. A life does all that is due at each tick and then writes its number to `done-HOLDER`.
Runs outside pytest, so it imports nothing of tests.
"""

import asyncio
import json
import os
import signal
import struct
import sys
from pathlib import Path

from server.fleet.registry import Registry, Site
from server.history.embedded import Embedded
from server.history.port import Unavailable
from server.state import lease
from server.state.database import open_database
from server.watcher.rollups.duty import RollupDuty
from server.watcher.watcher import Watcher

CLOCK = struct.Struct("<qq")
PAUSE_S = 0.001
QUIET_ROUNDS = 3
"""A sweep looks at fifty devices at a time; these lives have fewer, and a second look finds nothing."""


class Life:
    """One watcher. `ahead_ns`: how far its clock is from the test's."""

    def __init__(self, folder: Path, holder: str, ahead_ns: int) -> None:
        self._folder = folder
        self._holder = holder
        self._ahead_ns = ahead_ns
        self.tick, self._now_ns = self._read()

    def now(self) -> int:
        """Return this life's time."""
        return self._now_ns + self._ahead_ns

    def _read(self) -> tuple[int, int]:
        tick, now_ns = CLOCK.unpack((self._folder / "clock").read_bytes())
        return tick, now_ns

    async def live(self) -> None:
        """Do what is due at each tick, for ever."""
        zones = json.loads((self._folder / "registry.json").read_text())
        registry = Registry({name: Site(name, zone=zone) for name, zone in zones.items()})
        database = await open_database(f"sqlite+aiosqlite:///{self._folder}/state.db", create=False)
        history = Embedded(self._folder / "history.db", clock=self.now)
        watcher = Watcher(database, history, self._holder, self.now, None, registry)
        duty = RollupDuty(database, history, registry)
        done = -1
        while True:
            self.tick, self._now_ns = self._read()
            if self.tick == done:
                await asyncio.sleep(PAUSE_S)
                continue
            quiet = 0
            while quiet < QUIET_ROUNDS:
                quiet = 0 if await watcher.step() or (watcher.active and await watcher.deliver()) else quiet + 1
            if watcher.active:
                try:
                    await duty.step(watcher._lead)
                except lease.LeaseLost:
                    pass  # another decides now
                except Unavailable:
                    continue  # the other has just made the same file: asked again, as the server does
            done = self.tick
            self._say(done)

    def _say(self, tick: int) -> None:
        new = self._folder / f"new-{self._holder}"
        new.write_text(str(tick))
        new.replace(self._folder / f"done-{self._holder}")


def main() -> None:
    """Fork a life for each line."""
    folder = Path(sys.argv[1])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        holder, ahead_s = line.split()
        child = os.fork()
        if child == 0:
            asyncio.run(Life(folder, holder, int(float(ahead_s) * 1e9)).live())
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
