"""One day as whole reports: bytes through the real pipeline, judge, ledger and runs on SQLite, and the watcher behind it. Seeded; no clock.

An agent sends what a real agent sent of a recorded situation (`tests/cases/lab-*`), with its facts and certificates, under its own name
and time. Only the site it declares and the times are changed. The history takes everything and keeps nothing.
"""

import base64
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import select

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from benchmarks.replay_world.fleet import HOUR, MINUTE, SECOND
from benchmarks.replay_world.playing import fast_folder
from judge.chain import Roots
from judge.judgement import Judge
from judge.knowledge.loader import load_knowledge
from judge.policy import Policy
from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.fleet.registry import Registry, Site
from server.history.null import NullHistory
from server.ingest.port import Arrival
from server.state.database import Database, open_database
from server.state.tables import event
from server.watcher.watcher import Watcher
from tests.fakes.kinds import facts_of
from tests.fakes.situation import CASES
from wire import codec, topics
from wire.codec import facts_bytes

BEGINS = 1_795_626_000 * SECOND
"""2026-11-25, after the newest of the recordings: what was minted for them is valid from that hour on."""
AGENTS = 5
COMES = {
    "lab-replay-fortigate": 0,
    "lab-synproxy": 0,
    "lab-dns-redirect": 0,
    "lab-haproxy-exchange-only": 0,
    "lab-replay-eset": 1,
    "lab-mitmproxy-transparent": 1,
}
"""The true devices of the day, each at a site of its own: 0 with all agents there, 1 on one machine only."""
QUIET = ("lab-clean", "lab-clean-jitter", "lab-clean-loss", "lab-public-rotation", "lab-clean-anycast-spread", "lab-clean-slow-server")
"""What reports of nothing new look like; now and then one whole report fails (`lab-no-internet`)."""
SINCE_EVER = ("lab-replay-zscaler", "lab-replay-kaspersky")
ROUNDS = 6
"""Reports within which a device is to be told. Each recorded machine has a root store of its own, so the guard for changed roots holds
first: for three cadences, and the next report ends it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One recorded report, ready to be sent under other names and times."""

    cycle: Mapping[str, Any]
    facts: Mapping[str, bytes]
    certificates: Mapping[str, bytes]


@dataclass(slots=True)
class Stream:
    """One agent's: where it stands in its stream, and what it sends today, by the tick from which it does."""

    name: str
    site: str
    number: int
    says: list[tuple[int, str]]
    seq: int = 0
    previous: str | None = None
    known: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Day:
    """What a day came to. `told`: (scope, tick) of each `appeared`; `due`: site and the last tick at which its device is in time."""

    reports: int = 0
    told: list[tuple[str, int, str]] = field(default_factory=list)
    due: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def figures(self) -> dict[str, object]:
        """Return how what was told compares with what came."""
        found: dict[str, list[int]] = {}
        strange = []
        for scope, tick, sentence in self.told:
            site = next((one for one in self.due if scope == one or one.lower() in sentence.lower().split(":")[0]), None)
            if site is None or tick < self.due[site][1]:
                strange.append(sentence)
            else:
                found.setdefault(site, []).append(tick)
        return {
            "found": len(found),
            "devices": len(self.due),
            "false_new_devices": len(strange),
            "events_doubled": sum(len(ticks) - 1 for ticks in found.values()),
            "late": sum(min(ticks) > self.due[site][2] for site, ticks in found.items()),
            "reports": self.reports,
            "seconds": round(self.seconds, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "strange": strange[:3],
        }


@cache
def _kept(case: str) -> Kept:
    report = json.loads((CASES / case / "report.json").read_text())
    facts = {key: facts_bytes(facts_of(body)) for key, body in report["facts"].items()}
    certificates = {key: base64.b64decode(body) for key, body in report.get("certificates", {}).items()}
    return Kept(report["cycle"], facts, certificates)


def _plan(rng: random.Random, sites: int, ticks: int) -> tuple[list[Stream], dict[str, tuple[str, int, int]]]:
    """Return all agents' days, and by site which device comes at which tick and by which it is to be told."""
    streams: list[Stream] = []
    due: dict[str, tuple[str, int, int]] = {}
    for site in range(sites):
        name, case = f"site-{site:03d}", (list(COMES)[site] if site < len(COMES) else "")
        at = rng.randrange(ticks // 3, ticks - 10)
        if case:
            due[name] = (case, at, at + ROUNDS - 1)
        for agent in range(AGENTS):
            usual = rng.choice(QUIET)
            usual = "lab-replay-zscaler" if site == len(COMES) else "lab-replay-kaspersky" if not case and rng.random() < 0.05 else usual
            mine = [(0, "lab-clean" if case else usual)]
            if case and (agent == 0 or not COMES[case]):
                mine.append((at, case))
            elif not case and rng.random() < 0.3:
                begins = rng.randrange(3, ticks - 3)
                mine += [(begins, "lab-no-internet"), (begins + 1, usual)]
            streams.append(Stream(f"{name}-{agent}", name, len(streams), mine))
    return streams, due


def _messages(streams: Sequence[Stream], tick: int, at_ns: int) -> Iterator[tuple[str, bytes]]:
    for one in streams:
        case = next(case for begins, case in reversed(one.says) if begins <= tick)
        kept = _kept(case)
        started = at_ns - 20 * SECOND + one.number % 997 * 10**6
        context = {**kept.cycle.get("context", {}), "site": one.site}
        cycle = {**kept.cycle, "started_ns": started, "created_ns": started + 6 * SECOND, "context": context, "cadence_s": 600}
        data = json.dumps(cycle, separators=(",", ":")).encode()
        one.seq += 1
        digest, stream = codec.content_id(data), f"{one.number + 1:032x}"
        fresh = case not in one.known
        one.known.add(case)
        yield (
            topics.report(one.name, stream, one.seq),
            codec.encode(
                one.name,
                stream,
                one.seq,
                cycle=data,
                digest=digest,
                previous=one.previous,
                facts=kept.facts if fresh else {},
                certificates=kept.certificates if fresh else {},
            ),
        )
        one.previous = digest


async def play_day(seed: int, sites: int, cadence_ns: int = 10 * MINUTE) -> Day:
    """Send a day of reports and return what was told."""
    rng, ticks = random.Random(seed), 24 * HOUR // cadence_ns
    streams, due = _plan(rng, sites, ticks)
    day, began, cpu = Day(due=due), time.perf_counter(), time.process_time()
    pems = {(CASES / case / "roots.pem").read_bytes() for case in (*COMES, *QUIET, *SINCE_EVER, "lab-no-internet")}
    judge = Judge(replace(load_knowledge(), roots=Roots.from_pem(b"\n".join(sorted(pems)))), Policy())
    registry = Registry({one.site: Site(one.site) for one in streams})
    with fast_folder() as folder:
        database = await open_database(f"sqlite+aiosqlite:///{folder}/state.db")
        try:
            pipeline = Pipeline(database, NullHistory(), Interpreter(judge), Terms(accept_lab_agents=True), registry)
            clock = [BEGINS]
            watcher = Watcher(database, None, "full day", lambda: clock[0], None, registry)
            for tick in range(ticks):
                clock[0] = BEGINS + tick * cadence_ns
                await _tick(pipeline, watcher, list(_messages(streams, tick, clock[0])), clock[0], day)
                await _listen(database, day, tick)
        finally:
            await database.close()
    day.seconds, day.cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return day


async def _tick(pipeline: Pipeline, watcher: Watcher, messages: Sequence[tuple[str, bytes]], now_ns: int, day: Day) -> None:
    for start in range(0, len(messages), 500):
        part = [Arrival(topic, payload, now_ns) for topic, payload in messages[start : start + 500]]
        outcome = await pipeline.process(part, now_ns)
        assert outcome.counts == {"stored": len(part)}, outcome.counts
        day.reports += len(part)
    quiet = 0
    while quiet < 2:
        quiet = 0 if await watcher.step() else quiet + 1


async def _listen(database: Database, day: Day, tick: int) -> None:
    async with database.reading() as transaction:
        rows = await transaction.execute(select(event).where(event.c.kind.in_(("appeared", "spread"))).order_by(event.c.id))
        fresh = [row for row in rows if row.severity != "none"][len(day.told) :]
    day.told += [(row.scope, tick, row.sentence) for row in fresh]
