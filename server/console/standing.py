"""How agents and sites stand, for the page: the watcher's own reading, with the measurements asked for every few seconds only."""

from judge.knowledge.model import Knowledge
from server.fleet.registry import Registry
from server.history.port import History, Unavailable
from server.state.database import Database
from server.watcher.refreshing import States, measure, read_states
from server.watcher.states import Measured

MEASURE_EVERY_NS = 5 * 10**9
"""Newest medians of a thousand sites are the dear part of a picture, and nobody reads them faster."""


class Standing:
    """`fault` says what was wrong with the history store when it was last asked; empty when it answered."""

    def __init__(self, database: Database, history: History, registry: Registry, knowledge: Knowledge) -> None:
        self._database = database
        self._history = history
        self._registry = registry
        self._knowledge = knowledge
        self._measured = Measured()
        self._asked_ns = 0
        self.fault = ""

    async def read(self, now_ns: int) -> States:
        """Return how all stand. A history that is away leaves the last measurements. Raises one of STATE_FAULTS."""
        if not 0 <= now_ns - self._asked_ns < MEASURE_EVERY_NS:
            try:
                self._measured = await measure(self._history, now_ns)
                self.fault = ""
            except Unavailable as away:
                self.fault = str(away)
            self._asked_ns = now_ns
        return await read_states(self._database, None, self._registry, self._knowledge, now_ns, self._measured)
