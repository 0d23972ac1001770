"""A program in an agent's place: spools lines of a feed and sends them, by the agent's own spool and uplink, which it does not change.

`feeder.py CONFIG FEED ORACLE PACE`. What it did is in the oracle, one JSON object a line, on disk before the next step: `started`,
`spooled` (after the spool's commit), `receipted` (digests that left the spool on a receipt). It goes on where the last one was killed.
A file `ORACLE.enough` stops the spooling; the sending goes on until SIGTERM. Runs outside pytest, so it imports nothing of tests.
"""

import asyncio
import base64
import contextlib
import json
import logging
import os
import random
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from agent.config import Settings, load
from agent.config_reader import ConfigError
from agent.spool import Appended, Applied, Spool
from agent.uplink import Uplink
from wire.codec import content_id
from wire.receipt import Receipt


class Oracle:
    """An append-only file; a record is on disk when `say` returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(self, **record: Any) -> None:
        """Write one record in one piece, and wait for the disk."""
        os.write(self._file, json.dumps(record).encode() + b"\n")
        os.fsync(self._file)


class WatchedSpool(Spool):
    """A spool that tells the oracle what left it."""

    oracle: Oracle

    def apply(self, receipt: Receipt) -> Applied | None:
        """Apply a receipt; say which digests went."""
        before = dict(self._db.execute("SELECT seq, digest FROM report").fetchall())
        applied = super().apply(receipt)
        if applied is not None and applied.done:
            self.oracle.say(receipted=[before[seq] for seq in applied.done])
        return applied


class Feeder:
    """Lines of a feed into a spool, from where the last process ended."""

    def __init__(self, settings: Settings, feed: dict[str, Any], oracle: Oracle, done: int) -> None:
        self._lines, self._gate = feed["lines"], feed["gate"]
        self._bodies = {key: base64.b64decode(text) for key, text in feed["bodies"].items()}
        self._oracle = oracle
        self.spool = WatchedSpool(settings.spool.path, settings.agent.id, max_bytes=int(settings.spool.max_mb * 1e6))
        self.spool.oracle = oracle
        self.uplink = Uplink(settings, self.spool)
        self._next = done

    async def feed(self, pace: float, enough: str) -> None:
        """Spool line after line, `pace` a second on average."""
        while self._next < len(self._lines) and not os.access(enough, os.F_OK):
            if self._next == self._gate and self.spool.count:
                await asyncio.sleep(0.05)
                continue
            line = self._lines[self._next]
            appended = self.spool.append(
                line["cycle"].encode(),
                created_ns=self.spool.created_ns(line["created_ns"]),
                facts={key: self._bodies[key] for key in line["facts"]},
                certificates={key: self._bodies[key] for key in line["certificates"]},
            )
            self.say(appended)
            self.uplink.added(appended.seq, appended.dropped)
            await asyncio.sleep(random.uniform(0, 2 / pace))

    def say(self, appended: Appended) -> None:
        """Tell the oracle of one spooled line, and go on to the next."""
        self._oracle.say(spooled=self._next, stream=self.spool.stream, seq=appended.seq)
        self._next += 1


def already_spooled(spool: Path, feed: dict[str, Any], told: list[dict[str, Any]]) -> int:
    """Return how many lines were spooled; the last one may have been committed without its record."""
    done = 1 + max((one["spooled"] for one in told if "spooled" in one), default=-1)
    with contextlib.suppress(sqlite3.Error):
        database = sqlite3.connect(f"file:{spool}?mode=ro", uri=True)
        newest = database.execute("SELECT digest FROM identity").fetchone()
        database.close()
        if newest and done < len(feed["lines"]) and newest[0] == content_id(feed["lines"][done]["cycle"].encode()):
            return done + 1
    return done


def opened(config: Path, feed_file: Path, oracle_file: Path) -> Feeder:
    """Return a feeder that goes on where the last process ended."""
    settings = load(config)
    feed = json.loads(feed_file.read_bytes())
    oracle = Oracle(oracle_file)
    told = [json.loads(line) for line in oracle_file.read_text().splitlines()]
    before = 1 + max((one["spooled"] for one in told if "spooled" in one), default=-1)
    done = already_spooled(settings.spool.path, feed, told)
    feeder = Feeder(settings, feed, oracle, done)
    if done > before:
        oracle.say(spooled=before, stream=feeder.spool.stream, seq=feeder.spool.last_seq)
    oracle.say(started=os.getpid())
    return feeder


async def run(feeder: Feeder, pace: float, enough: str) -> None:
    """Feed and send until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(feeder.uplink.run(), name="uplink"), group.create_task(feeder.feed(pace, enough), name="feed")]
        await stop.wait()
        for task in tasks:
            task.cancel()
    feeder.spool.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        fed = opened(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - as the agent does
        sys.exit(2)
    asyncio.run(run(fed, float(sys.argv[4]), f"{sys.argv[3]}.enough"))
