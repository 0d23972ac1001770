"""Keeps runs while batches pass: current runs by agent, cached with the revision that proves them, and written in the caller's transaction.

The cache is only a cache: an agent's row is locked and its revision compared before a cached run is believed.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from server.collector.intake import printable
from server.collector.meaning import Meaning
from server.collector.runs import ENOUGH_ROUNDS, EXTEND_NS, AgentRuns, Path, Run
from server.collector.standkeeping import StandKeeper
from server.state import ledger as ledger_rows
from server.state import runs as run_rows
from server.state.database import Database, Transaction
from server.state.ledger import AgentHead

MAX_AGENTS = 5_000
"""25 runs of about 0.5 kB each: 60 MB at most."""

Current = dict[Path, Run]


class RunKeeper:
    """Folds findings into runs, and what reports say of their agents. `take` within a transaction, `committed` after it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._standing = StandKeeper(database)
        self._cache: OrderedDict[str, tuple[int, Current]] = OrderedDict()
        self._pending: dict[str, tuple[int, Current]] = {}

    async def take(self, connection: Transaction, agents: Mapping[str, AgentHead], meanings: Sequence[Meaning], now_ns: int) -> bool:
        """Fold stored reports into the runs of their (locked) agents; return whether the watcher has something to read."""
        self._pending = {}
        by_agent: dict[str, list[Meaning]] = {}
        for meaning in sorted(meanings, key=_started):
            by_agent.setdefault(meaning.item.agent, []).append(meaning)
        keeping = await self._load(connection, agents, by_agent)
        otherwise = await self._standing.take(connection, agents, by_agent)
        changes = {}
        new_agents: dict[str, AgentHead] = {}
        for agent, mine in by_agent.items():
            latest_ns = agents[agent].latest_ns
            for meaning in mine:
                latest_ns = _fold(keeping[agent], meaning, latest_ns)
            changes[agent] = list(keeping[agent].changed.values())
            new_agents[agent] = _told(agents[agent], mine[-1], revision=agents[agent].revision + bool(changes[agent] or agent in otherwise))
        inserted = await run_rows.write(self._database, connection, changes, now_ns)
        for agent, runs in inserted.items():
            keeping[agent].current.update({run.path: run for run in runs if run.current})
        await ledger_rows.write_agents(connection, new_agents)
        self._pending = {agent: (new_agents[agent].revision, keeping[agent].current) for agent in by_agent}
        return any(change.tell for mine in changes.values() for change in mine)

    def committed(self) -> None:
        """Believe what the last `take` made: its transaction is through."""
        self._standing.committed({agent: revision for agent, (revision, _) in self._pending.items()})
        for agent, known in self._pending.items():
            self._cache[agent] = known
            self._cache.move_to_end(agent)
        self._pending = {}
        while len(self._cache) > MAX_AGENTS:
            self._cache.popitem(last=False)

    async def _load(
        self, connection: Transaction, agents: Mapping[str, AgentHead], by_agent: Mapping[str, Sequence[Meaning]]
    ) -> dict[str, AgentRuns]:
        current: dict[str, Current] = {}
        for agent in by_agent:
            known = self._cache.get(agent)
            if known is not None and known[0] == agents[agent].revision:
                current[agent] = known[1]
        unknown = [agent for agent in by_agent if agent not in current]
        if unknown:
            for agent, runs in (await run_rows.load_current(connection, unknown)).items():
                current[agent] = {run.path: run for run in runs}
        late = {}
        for agent, mine in by_agent.items():
            times = [_started(meaning) for meaning in mine if _started(meaning) <= agents[agent].latest_ns]
            if times:
                late[agent] = (min(times), max(times))
        history = await run_rows.load_history(connection, late) if late else {}
        return {agent: AgentRuns(current[agent].values(), history.get(agent, ())) for agent in by_agent}


def _started(meaning: Meaning) -> int:
    report = meaning.item.report
    return report.cycle.started_ns if report else 0


def _told(head: AgentHead, newest: Meaning, *, revision: int) -> AgentHead:
    """Return the agent's row after a batch: only a report newer than all before says where it is, how often it reports and what it runs."""
    at_ns, report = _started(newest), newest.item.report
    if report is None or at_ns <= head.latest_ns:
        return replace(head, revision=revision)
    cycle = report.cycle
    return AgentHead(revision, at_ns, newest.site, cycle.cadence_s, cycle.lab, printable(cycle.software))


def _fold(runs: AgentRuns, meaning: Meaning, latest_ns: int) -> int:
    """Take all findings of one report in; return the agent's latest measured time after it."""
    at_ns = _started(meaning)
    is_late = at_ns <= latest_ns
    for one in meaning.findings:
        for over in one.over(runs.current, meaning.site, at_ns) if one.fine else ():
            runs.see(over, latest_ns, is_late=is_late)
        current = runs.current.get(Path(meaning.site, one.label.target, one.label.route))
        if (
            current is not None
            and current.rounds >= ENOUGH_ROUNDS
            and current.verdict == one.verdict
            and current.device_key == one.device_key
            and current.first_ns <= at_ns
            and at_ns - current.last_ns < EXTEND_NS
        ):
            continue  # what nearly every finding of a quiet fleet is; `see` would find no change either
        runs.see(one.run(meaning.site, at_ns), latest_ns, is_late=is_late)
    return max(latest_ns, at_ns)
