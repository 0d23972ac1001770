"""scripts/bench watcher: what the watcher costs beside a fleet of 10,000 agents with 12 targets each, in its steady state.

Runs and agents are put into a real SQLite state database as the collector leaves them; then some simulated minutes pass in which every
agent reports once a minute and nothing changes: runs are extended by the collector's ten minutes, and the watcher looks each second.
Counted are the watcher's own statements that write, its CPU and its memory; what the collector writes meanwhile is counted apart.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import event, insert, update

from judge.knowledge.loader import load_knowledge
from server.fleet.registry import Registry, Site
from server.state.database import Database, open_database
from server.state.tables import agent, run
from server.watcher.watcher import Watcher
from server.watcher.watching import Watching

SECOND = 10**9
START = 1_795_000_000 * SECOND
AGENTS_PER_SITE = 50
TARGETS = 12
WRITES = ("INSERT", "UPDATE", "DELETE")


class Counted:
    """Statements of one database that write, and rows they touch, while it is asked to count."""

    def __init__(self, database: Database) -> None:
        self.statements: Counter[str] = Counter()
        event.listen(database.engine.sync_engine, "before_cursor_execute", self._count)

    def _count(self, _connection: object, _cursor: object, text: str, *_rest: object) -> None:
        word, _, rest = text.partition(" ")
        if word in WRITES:
            self.statements[f"{word} {rest.replace('INTO ', '').replace('FROM ', '').split(' ', 1)[0]}"] += 1


async def fill(database: Database, agents: int) -> Registry:
    """Put a quiet fleet into the state database: every target clean, three rounds counted."""
    sites = {f"site-{number}": Site(f"site-{number}") for number in range(max(1, agents // AGENTS_PER_SITE))}
    names = list(sites)
    async with database.writing() as transaction:
        for number in range(agents):
            name, place = f"agent-{number:05d}", names[number % len(names)]
            await transaction.execute(
                insert(agent), {"id": name, "first_seen_ns": START, "latest_ns": START, "place": place, "cadence_s": 60.0}
            )
            rows = [
                {
                    "agent": name,
                    "place": place,
                    "target": f"host-{target}.example:443",
                    "route": "direct",
                    "verdict": "clean",
                    "device_key": "",
                }
                | {"first_ns": START - 3600 * SECOND, "last_ns": START, "rounds": 3, "current": True, "finding": b""}
                for target in range(TARGETS)
            ]
            await transaction.execute(insert(run), rows)
    return Registry(sites)


async def pass_quietly(database: Database, registry: Registry, minutes: int) -> dict[str, float]:
    """Let minutes pass in which every agent says the same again; return what the watcher wrote and used."""
    now = [START + 60 * SECOND]
    knowledge = load_knowledge()
    watcher = Watcher(database, None, "bench", lambda: now[0], None, registry)
    standing = Watching(registry, lambda: knowledge)
    await watcher.step()
    counted = Counted(database)
    cpu_s, wall = 0.0, time.perf_counter()
    for second in range(minutes * 60):
        now[0] += SECOND
        if second % 60 == 0:  # the collector's part: not the watcher's CPU, and its statements are taken off again
            before = counted.statements.copy()
            async with database.writing() as transaction:
                await transaction.execute(update(agent).values(latest_ns=now[0]))
                if second % 600 == 0:
                    await transaction.execute(update(run).values(last_ns=now[0]))
            counted.statements = before
        began = time.process_time()
        await watcher.step()
        if watcher.active:
            await standing.step(watcher._lead)  # noqa: SLF001 - as its tasks give it to a duty
        cpu_s += time.process_time() - began
    lease = counted.statements["UPDATE lease"] + counted.statements["INSERT lease"]
    return {
        "writes": sum(counted.statements.values()) - lease,
        "lease_writes": lease,
        "cpu_s": cpu_s,
        "seconds": time.perf_counter() - wall,
    }


async def measure(agents: int, minutes: int, folder: Path) -> dict[str, float]:
    """Return the figures of one fleet."""
    database = await open_database(f"sqlite+aiosqlite:///{folder}/state.db")
    try:
        registry = await fill(database, agents)
        used = await pass_quietly(database, registry, minutes)
    finally:
        await database.close()
    return {
        "agents": agents,
        "targets": TARGETS,
        "minutes": minutes,
        "writes_per_minute": round(used["writes"] / minutes, 2),
        "lease_writes_per_minute": round(used["lease_writes"] / minutes, 2),
        "cpu_us_per_report": round(used["cpu_s"] / (agents * minutes) * 1e6, 2),
        "cpu_share": round(used["cpu_s"] / (minutes * 60), 4),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main() -> int:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--minutes", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(asked.agents, asked.minutes, Path(folder)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
