"""Keeps agents' standing while batches pass: cached with the revision that proves it, written on change in the caller's transaction.

As with runs the cache is only a cache: an agent's row is locked and its revision compared before what is cached is believed.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from server.collector.meaning import Meaning
from server.collector.standing import Standing, Stretch, stretches, take
from server.state import standing as rows
from server.state.database import Database, Transaction
from server.state.ledger import AgentHead

MAX_AGENTS = 20_000
"""About 1 kB each: 20 MB at most."""


class StandKeeper:
    """Folds what reports say of their agents. `take` within a transaction, `committed` after it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: OrderedDict[str, tuple[int, Standing]] = OrderedDict()
        self._pending: dict[str, Standing] = {}

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
                known, latest_ns = self._pending[agent], report.cycle.started_ns
                self._pending[agent] = take(known, meaning.standing, latest_ns, report.cycle.cadence_s)
                changes += stretches(agent, known, self._pending[agent], latest_ns)
        await rows.write(self._database, connection, changes)
        words = {agent: now for agent, now in self._pending.items() if rows.word_of(now) != rows.word_of(before[agent])}
        await rows.write_words(self._database, connection, words)
        return {one.agent for one in changes} | words.keys()

    def committed(self, revisions: Mapping[str, int]) -> None:
        """Believe what the last `take` made, under the agents' revisions of that transaction."""
        for agent, standing in self._pending.items():
            self._cache[agent] = (revisions[agent], standing)
            self._cache.move_to_end(agent)
        self._pending = {}
        while len(self._cache) > MAX_AGENTS:
            self._cache.popitem(last=False)

    async def _load(
        self, connection: Transaction, agents: Mapping[str, AgentHead], reports: Mapping[str, Sequence[Meaning]]
    ) -> dict[str, Standing]:
        known = {agent: cached[1] for agent in reports if (cached := self._cache.get(agent)) and cached[0] == agents[agent].revision}
        unknown = [agent for agent in reports if agent not in known]
        return known | (await rows.load(connection, unknown) if unknown else {})
