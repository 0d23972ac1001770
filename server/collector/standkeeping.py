"""Keeps agents' standing and ways while batches pass: cached with the revision that proves it, written on change, in the caller's turn.

As with runs the cache is only a cache: an agent's row is locked and its revision compared before what is cached is believed.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from server.collector.meaning import Meaning
from server.collector.standing import Standing, Stretch, stretches, take
from server.collector.ways import Way, follow
from server.state import standing as rows
from server.state import ways as way_rows
from server.state.database import Database, Transaction
from server.state.ledger import AgentHead

MAX_AGENTS = 20_000
"""About 2 kB each: 40 MB at most."""
Kept = tuple[Standing, Mapping[str, Way]]


class StandKeeper:
    """Folds what reports say of their agents. `take` within a transaction, `committed` after it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: OrderedDict[str, tuple[int, Kept]] = OrderedDict()
        self._pending: dict[str, Kept] = {}

    async def take(self, connection: Transaction, agents: Mapping[str, AgentHead], reports: Mapping[str, Sequence[Meaning]]) -> set[str]:
        """Fold the reports of (locked) agents, oldest first; return the agents of which something was written."""
        before = await self._load(connection, agents, reports)
        self._pending = dict(before)
        changes: list[Stretch] = []
        for agent, mine in reports.items():
            latest_ns = agents[agent].latest_ns
            for meaning in mine:
                report = meaning.item.report
                if report is None or report.cycle.started_ns <= latest_ns:
                    continue
                (known, ways), latest_ns = self._pending[agent], report.cycle.started_ns
                after = take(known, meaning.standing, latest_ns, report.cycle.cadence_s)
                self._pending[agent] = after, follow(ways, meaning.ways, meaning.site, latest_ns)
                changes += stretches(agent, known, after, latest_ns)
        return await self._write(connection, before, changes)

    async def _write(self, connection: Transaction, before: Mapping[str, Kept], changes: Sequence[Stretch]) -> set[str]:
        """Store what the pending standing and ways differ in from what was before; return the agents of which something was written."""
        await rows.write(self._database, connection, changes)
        words = {agent: now for agent, (now, _) in self._pending.items() if rows.word_of(now) != rows.word_of(before[agent][0])}
        await rows.write_words(self._database, connection, words)
        moved = {
            (agent, kind): way
            for agent, (_, ways) in self._pending.items()
            if ways is not before[agent][1]
            for kind, way in ways.items()
            if way != before[agent][1].get(kind)
        }
        await way_rows.write(self._database, connection, moved)
        return {one.agent for one in changes} | words.keys() | {agent for agent, _ in moved}

    def committed(self, revisions: Mapping[str, int]) -> None:
        """Believe what the last `take` made, under the agents' revisions of that transaction."""
        for agent, kept in self._pending.items():
            self._cache[agent] = (revisions[agent], kept)
            self._cache.move_to_end(agent)
        self._pending = {}
        while len(self._cache) > MAX_AGENTS:
            self._cache.popitem(last=False)

    async def _load(
        self, connection: Transaction, agents: Mapping[str, AgentHead], reports: Mapping[str, Sequence[Meaning]]
    ) -> dict[str, Kept]:
        known = {agent: cached[1] for agent in reports if (cached := self._cache.get(agent)) and cached[0] == agents[agent].revision}
        unknown = [agent for agent in reports if agent not in known]
        if not unknown:
            return known
        standing, ways = await rows.load(connection, unknown), await way_rows.load(connection, unknown)
        return known | {agent: (standing[agent], ways[agent]) for agent in unknown}
