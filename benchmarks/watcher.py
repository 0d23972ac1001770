"""scripts/bench watcher: what the watcher costs beside a fleet of 10,000 agents with 12 targets each, in its steady state.

Runs and agents are put into a real SQLite state database as the collector leaves them; then some simulated minutes pass in which every
agent reports once a minute and nothing changes: runs are extended by the collector's ten minutes, and the watcher looks each second. All
its duties are done as often as they ask for, and states are refreshed; the history takes points and has none to give, so what is summed
up of hours is not in here (`scripts/bench rollups`). Counted are the watcher's own statements that write, its CPU and its memory, and the
points it writes; what the collector writes meanwhile is left out.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, update

from judge.knowledge.loader import load_knowledge
from server.config import Settings
from server.duties import duties_of
from server.fleet.registry import Registry, Site
from server.history.null import NullHistory
from server.means import Means
from server.state.database import Database, open_database
from server.state.tables import agent, run
from server.watcher.leading import Duty
from server.watcher.refreshing import Refresher, StateReader
from server.watcher.watcher import Watcher

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
                | {"first_ns": START - 3600 * SECOND, "last_ns": START, "rounds": 3, "current": True, "finding": ""}
                for target in range(TARGETS)
            ]
            await transaction.execute(insert(run), rows)
    return Registry(sites)


def put_together(
    database: Database, history: NullHistory, registry: Registry, now: Callable[[], int]
) -> tuple[Watcher, Refresher, list[Duty]]:
    """Return a watcher, what refreshes states, and all duties of a configuration; Microsoft's web service is not asked."""
    knowledge = load_knowledge()
    settings = Settings.model_validate(
        {"history": {"kind": "embedded"}, "broker": {"embedded": True, "url": "mqtt://127.0.0.1:0"}, "feed": {"enabled": False}}
    )
    reader = StateReader(database, history, registry, lambda: knowledge)
    means = Means(settings, database, history, registry, lambda: knowledge, now, reader.read)
    refresher = Refresher(reader, history, settings.watcher.refresh_s, now)
    return Watcher(database, history, "bench", now, None, registry), refresher, duties_of(means)


async def pass_quietly(database: Database, registry: Registry, minutes: int) -> dict[str, Any]:
    """Let minutes pass in which every agent says the same again; return what the watcher wrote and used."""
    now = [START + 60 * SECOND]
    history = NullHistory()
    watcher, refresher, duties = put_together(database, history, registry, lambda: now[0])
    await watcher.step()
    for duty in duties:  # what a first look finds out is written down once
        await duty.step(watcher._lead)  # noqa: SLF001 - as its tasks give it to a duty
    done = {duty.name: now[0] for duty in duties}
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
        for duty in duties:
            if now[0] - done[duty.name] >= duty.every_s * SECOND:
                done[duty.name] = now[0]
                await duty.step(watcher._lead)  # noqa: SLF001 - as its tasks give it to a duty
        await refresher.step()
        cpu_s += time.process_time() - began
    lease = counted.statements["UPDATE lease"] + counted.statements["INSERT lease"]
    return {
        "writes": sum(counted.statements.values()) - lease,
        "lease_writes": lease,
        "cpu_s": cpu_s,
        "points": history.points,
        "kinds": dict(counted.statements),
        "seconds": time.perf_counter() - wall,
    }


async def measure(agents: int, minutes: int, folder: Path) -> dict[str, Any]:
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
        "writes": used["kinds"],
        "state_points_per_agent_and_minute": round(used["points"] / minutes / agents, 2),
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
