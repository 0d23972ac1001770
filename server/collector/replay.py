"""Quarantined things taken in again: reports through the pipeline as if they had just come, refused points straight to the history.

`middlewatch-server quarantine replay` marks them in the state database; any collector finds the marks. A report that is still poison
stays, unmarked.
"""

import json
from collections.abc import Sequence
from typing import cast

from server.collector.pipeline import Outcome
from server.history.port import Bucket, History, Point
from server.ingest.port import Arrival
from server.state import quarantine
from server.state.database import Database
from server.state.quarantine import Kept

TRIM_EVERY_NS = 60 * 10**9


class Replay:
    """The collector's way back from quarantine, and its broom."""

    def __init__(self, database: Database, history: History) -> None:
        self._database = database
        self._history = history
        self._trimmed_ns = 0

    async def tidy(self, now_ns: int) -> int:
        """Drop what is over the quarantine's bounds, once a minute; return how many things were dropped."""
        if now_ns - self._trimmed_ns < TRIM_EVERY_NS:
            return 0
        self._trimmed_ns = now_ns
        return await quarantine.trim(self._database, now_ns)

    async def due(self, now_ns: int) -> list[Arrival]:
        """Return reports marked for replay; write marked points."""
        marked = await quarantine.fetch(self._database)
        await self._write_points([one for one in marked if one.kind == "point"])
        return [Arrival(one.topic, one.data, now_ns, one.id) for one in marked if one.kind == "report"]

    async def _write_points(self, kept: Sequence[Kept]) -> None:
        for one in kept:
            plain = json.loads(one.data)
            tags = tuple((key, value) for key, value in plain["tags"])
            point = Point(plain["measurement"], tags, plain["fields"], plain["time_ns"])
            if await self._history.write(cast("Bucket", one.topic), [point]):
                await quarantine.unmark(self._database, [one.id])
            else:
                await quarantine.release(self._database, [one.id])

    async def finished(self, outcome: Outcome, batch: Sequence[Arrival]) -> None:
        """Release what was stored; unmark what is still poison."""
        tried = {arrival.quarantine_id for arrival in batch if arrival.quarantine_id}
        if tried:
            await quarantine.release(self._database, outcome.replayed)
            await quarantine.unmark(self._database, tried - set(outcome.replayed))
