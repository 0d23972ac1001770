"""One batch, in the one order: decode, ledger check, bodies, judge, points, history, state commit, answers.

A crash anywhere repeats work and never loses or doubles a row: points are the same when written again, the ledger is
committed after them, receipts are read from the ledger after that. Between the check and the commit another collector may
have taken the same report: so the commit locks the agents and settles once more.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache

from server.collector.bodies import Bodies
from server.collector.intake import Hold, Item, Terms, printable, take
from server.collector.issuers import IssuerKeeper
from server.collector.ledger import MAX_RANGES, Entry, Head
from server.collector.marks import HourMarks
from server.collector.meaning import Interpreter, Meaning
from server.collector.placing import egress_of, whereabouts
from server.collector.receipts import Answers
from server.collector.runkeeping import RunKeeper
from server.collector.settling import Rows, Settled, dropped_of, in_order, settle, wanted_rows
from server.fleet.placing import Placer
from server.fleet.registry import Registry
from server.history.port import History, Rejected
from server.ingest.port import Arrival
from server.state import assignments
from server.state import ledger as ledger_rows
from server.state import quarantine as quarantine_rows
from server.state import runs as run_rows
from server.state.assignments import Sites
from server.state.database import Database, Transaction
from server.state.quarantine import Kept
from wire.codec import canonical, content_id
from wire.context import Context
from wire.receipt import Receipt


@dataclass(slots=True)
class Outcome:
    """What became of one batch, for receipts and counts."""

    receipts: list[tuple[str, Receipt]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    points: int = 0
    raw: int = 0
    """Observations of kinds this version does not know: kept raw beside the quarantine and counted; their reports are stored."""
    rejected: dict[str, int] = field(default_factory=dict)
    replayed: list[int] = field(default_factory=list)
    told: bool = False
    """Whether the watcher has something new to read."""


class Contended(Exception):  # noqa: N818 - a state, not a mistake
    """Another collector was faster in a way that makes this batch's judgement incomplete: process it again."""


class Pipeline:
    """Takes batches. `process` raises history's Unavailable, and the database's own errors, with nothing promised to anybody."""

    def __init__(
        self, database: Database, history: History, interpreter: Interpreter, terms: Terms, registry: Registry | None = None
    ) -> None:
        self._database = database
        self._history = history
        self._interpreter = interpreter
        self._terms = terms
        self._placer = Placer(registry or Registry())
        self._bodies = Bodies(database)
        self._runs = RunKeeper(database)
        self._marks = HourMarks()
        self._issuers = IssuerKeeper(database)

    async def process(self, arrivals: Sequence[Arrival], now_ns: int) -> Outcome:
        """Store a batch and return what its agents are to be told."""
        outcome, answers = Outcome(), Answers()
        items = self._read(arrivals, answers, outcome, now_ns)
        heads, rows, sites = await self._look_up(items)
        items, first = await self._complete(items, heads, rows, answers, outcome, now_ns)
        ready = [item for item in first.new + first.replaced if item.report]
        sites = await self._introduce(ready, sites, now_ns)
        meanings = {id(item): self._mean(item, sites) for item in ready}
        points = [point for meaning in meanings.values() for point in meaning.points]
        rejected = await self._history.write("mw_raw", points) if points else []
        settled = await self._commit(items, heads, rows, meanings, rejected, answers, outcome, now_ns)
        self._answer(settled, answers, outcome)
        outcome.raw = sum(len(meaning.raw) for meaning in meanings.values())
        outcome.points = len(points) - len(rejected)
        for one in rejected:
            outcome.rejected[one.reason] = outcome.rejected.get(one.reason, 0) + 1
        outcome.receipts = answers.receipts(settled.heads, now_ns)
        return outcome

    def _read(self, arrivals: Sequence[Arrival], answers: Answers, outcome: Outcome, now_ns: int) -> list[Item]:
        items: list[Item] = []
        for arrival in arrivals:
            taken = take(arrival, self._terms, now_ns)
            if isinstance(taken, Hold):
                answers.hold(taken)
                _count(outcome, "held")
            elif taken is None:
                _count(outcome, "foreign")
            elif taken.report is None and arrival.quarantine_id:
                _count(outcome, "still_poison")
            else:
                items.append(taken)
        return in_order(items)

    async def _look_up(self, items: Sequence[Item]) -> tuple[dict[str, Head], Rows, Sites]:
        async with self._database.reading() as connection:
            heads = await ledger_rows.load_heads(connection, {item.stream for item in items})
            wanted = wanted_rows(heads, items)
            rows = await ledger_rows.load_entries(connection, wanted) if wanted else {}
            sites = await assignments.load_sites(connection, {item.agent for item in items})
        return heads, rows, sites

    async def _complete(
        self, items: Sequence[Item], heads: dict[str, Head], rows: Rows, answers: Answers, outcome: Outcome, now_ns: int
    ) -> tuple[list[Item], Settled]:
        """Leave out, and ask for, what lacks bodies; keep the bodies that came; return the rest, settled."""
        rest = list(items)
        while True:
            settled = settle(heads, rows, rest)
            fresh_items = settled.new + settled.replaced
            missing, fresh = await self._bodies.lacking(fresh_items)
            if fresh.facts or fresh.certificates:
                await self._bodies.store(fresh, now_ns)
                if missing:
                    continue  # what one report lacks another of this batch may just have brought
            if not missing:
                return rest, settled
            for place, ids in missing.items():
                answers.ask(fresh_items[place], ids)
                _count(outcome, "wanted")
            out = {id(fresh_items[place]) for place in missing}
            rest = [item for item in rest if id(item) not in out]

    async def _introduce(self, items: Sequence[Item], sites: Sites, now_ns: int) -> Sites:
        """Give agents and contexts not seen before their rows, before anything about them is written."""
        newcomers: dict[tuple[str, str], tuple[bytes, str]] = {}
        egress: dict[tuple[str, str], str] = {}
        for item in items:
            context_id, body = _context(item)
            if not sites.knows(item.agent, context_id):
                key = (item.agent, context_id)
                egress[key] = egress.get(key) or egress_of(item, self._bodies.facts)
                newcomers[key] = (body, self._placer.place(whereabouts(item, egress[key]), sites.earlier(item.agent)))
        if not newcomers:
            return sites
        async with self._database.writing() as connection:
            await assignments.introduce(self._database, connection, newcomers, now_ns, egress)
            return await assignments.load_sites(connection, {item.agent for item in items})

    def _mean(self, item: Item, sites: Sites) -> Meaning:
        assert item.report is not None  # noqa: S101 - only readable items come here
        site = sites.site(item.agent, _context(item)[0], item.report.cycle.started_ns)
        return self._interpreter.interpret(item, site, self._bodies.facts, self._bodies.certificates)

    async def _commit(
        self,
        items: Sequence[Item],
        heads: dict[str, Head],
        rows: Rows,
        meanings: dict[int, Meaning],
        rejected: Sequence[Rejected],
        answers: Answers,
        outcome: Outcome,
        now_ns: int,
    ) -> Settled:
        async with self._database.writing() as connection:
            agents = await ledger_rows.lock_agents(connection, {item.agent for item in items})
            locked = await ledger_rows.load_heads(connection, {item.stream for item in items}, lock=True)
            if locked != heads:
                rows = await ledger_rows.load_entries(connection, wanted_rows(locked, items))
            settled = settle(locked, rows, items)
            if any(item.report and id(item) not in meanings for item in settled.new + settled.replaced):
                raise Contended("another collector changed what this batch rests on")
            changed = [head for key, head in settled.heads.items() if head != locked.get(key)]
            await ledger_rows.write_heads(connection, changed, now_ns)
            await ledger_rows.write_entries(connection, _rows(settled.new), _rows(settled.replaced), now_ns)
            await ledger_rows.note_dropped(self._database, connection, _dropped(settled), now_ns)
            answers.ends = await _ends(connection, settled.heads)
            stored = [meanings[id(item)] for item in settled.new + settled.replaced if item.report]
            outcome.told = await self._runs.take(connection, agents, stored, now_ns)
            await self._marks.take(connection, stored, now_ns)
            await self._issuers.take(connection, [(issuer, one.site) for one in stored for issuer in one.issuers], now_ns)
            clones = _clones(settled, locked, now_ns)
            await run_rows.tell_clone(connection, clones, now_ns)
            poison = [item for item in settled.new if item.report is None]
            kept = [_kept(item) for item in poison] + [_dead_letter(one) for one in rejected] + [_raw(one) for one in stored if one.raw]
            await quarantine_rows.keep(connection, kept, now_ns)
        outcome.told = outcome.told or bool(clones)
        self._runs.committed()
        self._issuers.committed()
        self._marks.committed()
        return settled

    def _answer(self, settled: Settled, answers: Answers, outcome: Outcome) -> None:
        for item in settled.new + settled.replaced:
            answers.done(item)
            _count(outcome, "stored" if item.report else "quarantined")
            if item.arrival.quarantine_id and item.report:
                outcome.replayed.append(item.arrival.quarantine_id)
        for item in settled.duplicates:
            answers.hear(item)
            _count(outcome, "duplicate")
            if item.arrival.quarantine_id:
                outcome.replayed.append(item.arrival.quarantine_id)
        for item in settled.forks:
            answers.forked(item)
            _count(outcome, "forked")


async def _ends(connection: Transaction, heads: Mapping[str, Head]) -> dict[str, list[str]]:
    """Return the digests that prove each head's ranges: of `upto`, then of the end of each range beyond."""
    plain = {key: [head.last_digest] for key, head in heads.items() if not head.beyond and head.upto == head.last_seq}
    wanted = {key: [head.upto, *(last for _, last in head.beyond[-MAX_RANGES:])] for key, head in heads.items() if key not in plain}
    if not wanted:
        return plain
    entries = await ledger_rows.load_entries(connection, wanted)
    found = {key: [entries[key].get(seq) for seq in numbers] for key, numbers in wanted.items()}
    return plain | {key: [one.digest if one and one.state == "stored" else "" for one in ends] for key, ends in found.items()}


def _count(outcome: Outcome, name: str) -> None:
    outcome.counts[name] = outcome.counts.get(name, 0) + 1


def _context(item: Item) -> tuple[str, bytes]:
    """Return a report's context id and its body."""
    assert item.report is not None  # noqa: S101 - only readable items come here
    return _identified(item.report.cycle.context)


@lru_cache(maxsize=65_536)
def _identified(context: Context) -> tuple[str, bytes]:
    body = canonical(context.model_dump(mode="json", exclude_defaults=True))
    return content_id(body), body


def _rows(items: Sequence[Item]) -> list[tuple[str, Entry, int]]:
    return [(item.stream, item.entry, len(item.report.cycle.observations) if item.report else 0) for item in items]


def _dropped(settled: Settled) -> dict[str, set[tuple[int, int]]]:
    """Return what the streams' own agents say they dropped; a copy's word counts for nothing."""
    found: dict[str, set[tuple[int, int]]] = {}
    for item in settled.new + settled.replaced + settled.duplicates:
        if item.report and item.report.dropped:
            found.setdefault(item.stream, set()).update(dropped_of(item))
    return found


def _clones(settled: Settled, before: dict[str, Head], now_ns: int) -> list[bytes]:
    """Return an inbox body for each stream that forked for the first time, or that an agent gave up because a copy goes on in it.

    A copy that learns it from a receipt sends nothing that forks; then its new stream says so, and `seq` is 0.
    """
    told: dict[str, Item] = {}
    for item in settled.forks:
        known = before.get(item.stream)
        if known is None or known.forks == 0:
            told.setdefault(item.stream, item)
    found = [(item.agent, stream, item.entry.seq) for stream, item in told.items()]
    fresh = {item.report.former: item for item in settled.new if item.report and item.report.former and item.stream not in before}
    found += [(item.agent, former, 0) for former, item in fresh.items() if former not in told]
    return [json.dumps({"agent": agent, "stream": stream, "seq": seq, "at_ns": now_ns}).encode() for agent, stream, seq in found]


def _kept(item: Item) -> Kept:
    return Kept("report", item.arrival.topic, item.agent, item.stream, item.entry.seq, item.reason, item.arrival.payload)


def _raw(meaning: Meaning) -> Kept:
    """Keep observations of unknown kinds as they came, for the day this centre knows them."""
    kinds = printable(", ".join(sorted({str(one.get("kind"))[:64] for one in meaning.raw})))
    item = meaning.item
    data = json.dumps(meaning.raw, separators=(",", ":")).encode()
    return Kept("raw", item.arrival.topic, item.agent, item.stream, item.entry.seq, f"unknown observation kinds: {kinds}", data)


def _dead_letter(one: Rejected) -> Kept:
    tags = dict(one.point.tags)
    fields = one.point.fields
    stream, seq = str(fields.get("stream", "")), fields.get("seq", 0)
    data = json.dumps(asdict(one.point), separators=(",", ":")).encode()
    return Kept("point", "mw_raw", tags.get("agent", ""), stream, int(seq), f"{one.reason}: {one.message}", data)
