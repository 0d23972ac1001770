"""One day as whole reports: bytes through the real pipeline, judge, ledger and runs on SQLite, and the watcher behind it. Seeded; no clock.

An agent sends what a real agent sent of a recorded situation (`tests/cases/lab-*`), with its facts and certificates, under its own name
and time. Only the site it declares and the times are changed. The history takes everything and keeps nothing.

Before the day there is another at one report an hour: statistical evidence counts only after a path's learning window (twenty rounds and
24 hours, interception.md §5.2), and a true device is to come where the rules can be reached.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from benchmarks.replay_world.catalogue import device_findings, situation
from benchmarks.replay_world.fleet import CADENCE, HOUR, SECOND
from benchmarks.replay_world.influence import SITE, Influence
from benchmarks.replay_world.playing import Listener, Told, fast_folder
from benchmarks.replay_world.scoring import SHOWN, SLACK_NS, Result, Score, weigh
from benchmarks.replay_world.sending import Stream, recorded
from benchmarks.replay_world.truths import Truth, keys_of
from judge.chain import Roots
from judge.judgement import Judge
from judge.knowledge.loader import load_knowledge
from judge.policy import Policy
from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.collector.standing import ROOTS_CADENCES
from server.fleet.registry import Registry, Site
from server.history.null import NullHistory
from server.ingest.port import Arrival
from server.state.database import Database, open_database
from server.state.tables import ledger, stream
from server.watcher.watcher import Watcher
from tests.fakes.situation import CASES

BEGINS = 1_795_626_000 * SECOND
"""2026-11-25, after the newest of the recordings: what was minted for them is valid from that hour on."""
LEARNING, LEARNING_CADENCE = 24 * HOUR, HOUR
DAY_BEGINS = BEGINS + LEARNING + HOUR
AGENTS = 5
EVERYBODY, ONE_MACHINE = AGENTS, 1
COMES: Mapping[str, int] = {
    "lab-haproxy-exchange-only": EVERYBODY,
    "lab-replay-fortigate": EVERYBODY,
    "lab-replay-eset": ONE_MACHINE,
    "lab-synproxy": EVERYBODY,
    "lab-dns-redirect": EVERYBODY,
    "lab-mitmproxy-transparent": ONE_MACHINE,
}
"""The true devices of the day, each at a site of its own, and how many agents there see it. The first leaves statistical evidence only."""
CLEAN = "lab-clean"
QUIET = (CLEAN, "lab-clean-jitter", "lab-clean-loss", "lab-public-rotation", "lab-clean-anycast-spread", "lab-clean-slow-server")
"""What reports of nothing new look like; now and then one whole report fails (`lab-no-internet`)."""
AWAY = "lab-no-internet"
SINCE_EVER = ("lab-replay-zscaler", "lab-replay-kaspersky")
BATCH = 500
"""`server.collector.collector` takes as many at once when it has a backlog."""
AGAIN = 97
"""One report in so many is sent a second time, as a broker delivers at least once."""


@dataclass(slots=True)
class Day:
    """What a day came to. `stored`: rows of the ledger that say so; `whole`: streams of which all is receipted up to the last sent."""

    sent: int = 0
    again: int = 0
    duplicates: int = 0
    stored: int = 0
    whole: int = 0
    streams: int = 0
    points: int = 0
    told: list[Told] = field(default_factory=list)
    making: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def complete(self) -> bool:
        """Return whether each report is stored exactly once and each repeated one was known for what it is."""
        return self.sent == self.stored and self.again == self.duplicates and self.whole == self.streams


def due(case: str, at_ns: int) -> int:
    """Return when a device that comes at `at_ns` has reached its confirm rule: by the second report, or the fourth where it is counted.

    A machine whose own roots have just changed is believed from the first report after three cadences on.
    """
    findings = device_findings(case)
    rounds = 1 if any(one.deterministic for one in findings) else SHOWN - 1
    held = int(ROOTS_CADENCES) if _root(case) else 0
    return at_ns + (rounds + held) * CADENCE


def _root(case: str) -> str:
    """Return the machine's own root store with the device where it is another than without."""
    mine, clean = (recorded(one).cycle.get("roots") for one in (case, CLEAN))
    return "" if mine == clean else f"{mine}"


def truth_of(case: str, site: str, at_ns: int, end_ns: int) -> Truth:
    """Return a recorded device as one of the true ones."""
    findings = device_findings(case)
    device_class = next(one.device.device_class for one in findings if one.device)
    manner = "whole site at once" if COMES[case] == EVERYBODY else "one machine"
    statistical = not any(one.deterministic for one in findings)
    influence = Influence(case, SITE, at_ns, end_ns, situation(findings), root=_root(case))
    return Truth(case, device_class, manner, (site,), at_ns, keys_of(findings), [((), influence)], statistical=statistical)


def make_day(rng: random.Random, sites: int, hours: int) -> tuple[list[Stream], list[Score]]:
    """Return all agents' two days, and the true devices with their due moments."""
    streams: list[Stream] = []
    scores: list[Score] = []
    end, ticks = DAY_BEGINS + hours * HOUR, hours * HOUR // CADENCE
    cases = dict(zip(range(sites), COMES, strict=False))
    for site in range(sites):
        name, case = f"site-{site:03d}", cases.get(site, "")
        at = DAY_BEGINS + rng.randrange(2, ticks - 12) * CADENCE
        if case:
            scores.append(Score(truth_of(case, name, at, end), due(case, at)))
        for agent in range(AGENTS):
            usual = rng.choice(QUIET) if rng.random() > 0.05 else SINCE_EVER[1]
            says = [(0, CLEAN if case else SINCE_EVER[0] if site == len(COMES) else usual)]
            if case and agent < COMES[case]:
                says.append((at, case))
            elif not case and rng.random() < 0.3:
                begins = DAY_BEGINS + rng.randrange(3, ticks - 3) * CADENCE
                says += [(begins, AWAY), (begins + CADENCE, says[0][1])]
            streams.append(Stream(f"{name}-{agent}", name, len(streams), says))
    return streams, scores


def _judge() -> Judge:
    pems = {(CASES / case / "roots.pem").read_bytes() for case in (*COMES, *QUIET, *SINCE_EVER, AWAY)}
    return Judge(replace(load_knowledge(), roots=Roots.from_pem(b"\n".join(sorted(pems)))), Policy())


async def play_day(seed: int, sites: int, hours: int = 24, say: Callable[[str], None] = lambda _text: None) -> tuple[Day, Result]:
    """Send a day of learning and a day of reports every five minutes, and return what became of them."""
    streams, scores = make_day(random.Random(seed), sites, hours)
    day, began, cpu = Day(streams=len(streams)), time.perf_counter(), time.process_time()
    registry, history = Registry({one.site: Site(one.site) for one in streams}), NullHistory()
    with fast_folder() as folder:
        database = await open_database(f"sqlite+aiosqlite:///{folder}/state.db")
        try:
            pipeline = Pipeline(database, history, Interpreter(_judge()), Terms(accept_lab_agents=True), registry)
            clock = [BEGINS]
            watcher, listener = Watcher(database, None, "full day", lambda: clock[0], None, registry), Listener(database)
            for now_ns, cadence_ns in _ticks(hours):
                clock[0] = now_ns
                await _take(pipeline, streams, cadence_ns, now_ns, day)
                await _watch(watcher)
                day.told += await listener.news(now_ns)
                if (now_ns - BEGINS) % HOUR == 0:
                    say(f"hour {(now_ns - BEGINS) // HOUR}: {day.sent} reports, {time.process_time() - cpu:.0f} s of CPU")
            await _count(database, streams, day)
        finally:
            await database.close()
    day.points, day.seconds, day.cpu_seconds = history.points, time.perf_counter() - began, time.process_time() - cpu
    return day, weigh(scores, day.told, _allowed)


def _allowed(one: Score) -> int:
    """Return how long after its rule a device may be told: at once, and what time alone confirms or a guard held back within the bound."""
    return SLACK_NS if one.truth.statistical or any(influence.root for _, influence in one.truth.plan) else 0


def _ticks(hours: int) -> Iterator[tuple[int, int]]:
    """Give each moment at which reports arrive, and how often agents report then."""
    yield from ((at, LEARNING_CADENCE) for at in range(BEGINS, DAY_BEGINS, LEARNING_CADENCE))
    yield from ((at, CADENCE) for at in range(DAY_BEGINS, DAY_BEGINS + hours * HOUR, CADENCE))


async def _take(pipeline: Pipeline, streams: Sequence[Stream], cadence_ns: int, now_ns: int, day: Day) -> None:
    for start in range(0, len(streams), BATCH):
        began = time.process_time()
        messages = []
        for one in streams[start : start + BATCH]:
            messages.append(one.report(now_ns - 20 * SECOND + one.number % 997 * 10**6, one.at(now_ns), cadence_ns // SECOND))
            day.sent += 1
            if day.sent % AGAIN == 0:
                messages.append(messages[-1])
                day.again += 1
        day.making += time.process_time() - began
        outcome = await pipeline.process([Arrival(topic, payload, now_ns) for topic, payload in messages], now_ns)
        day.duplicates += outcome.counts.pop("duplicate", 0)
        if set(outcome.counts) != {"stored"}:
            raise RuntimeError(f"a batch of whole reports came to {outcome.counts}")


async def _watch(watcher: Watcher) -> None:
    quiet = 0
    while quiet < 2:  # a step may decide what the one before put into the inbox
        quiet = 0 if await watcher.step() else quiet + 1


async def _count(database: Database, streams: Sequence[Stream], day: Day) -> None:
    """Ask the ledger what it holds: its key is (stream, seq), so a report is one row or none."""
    async with database.reading() as transaction:
        stored = select(func.count()).select_from(ledger).where(ledger.c.state == "stored")
        day.stored = int((await transaction.execute(stored)).scalar_one())
        heads = {row.agent: row for row in await transaction.execute(select(stream))}
    day.whole = sum(heads[one.name].upto == one.seq and heads[one.name].beyond == "[]" for one in streams if one.name in heads)
