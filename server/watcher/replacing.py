"""Moves contexts whose place changes because the sites did: a subnet was added, a site deleted. The rule is `server/fleet/placing.py`'s.

A move is a new row, valid from a minute later: what was measured before keeps its place. What a person assigned by hand stays. A pass
writes only what differs, so doing it again (a restart, another watcher) does nothing.
"""

from collections.abc import Sequence

from server.fleet.placing import Placer, of_context
from server.fleet.registry import Registry
from server.state import assignments
from server.state.assignments import Seen
from server.state.database import Database
from server.watcher.leading import Leadership
from wire.context import Context

AGENTS = 500
"""Agents a transaction: with three contexts each, about 20 ms."""
AGAIN_NS = 30 * 10**9
"""A pass is repeated this much later: a collector may know the new sites a few seconds after us and place a newcomer by the old ones."""


def moves_of(seen: Sequence[Seen], placer: Placer) -> dict[tuple[str, str], str]:
    """Return (agent, context) -> place for those that belong elsewhere by the sites as they are now."""
    found = {}
    for one in seen:
        if not one.by_hand:
            place = placer.place(of_context(Context.model_validate_json(one.body), one.egress), one.earlier, one.place)
            if place != one.place:
                found[one.agent, one.context] = place
    return found


class Replacing:
    """A duty: looks at all contexts whenever the sites have changed, and at the start."""

    name = "places"
    every_s = 2.0

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._placer = Placer(registry)
        self._done = -1
        self._again_ns = 0

    async def step(self, lead: Leadership) -> None:
        """Make the pass that is due."""
        version, now_ns = self._placer.version, lead.now()
        fresh = version != self._done
        if not fresh and not (self._again_ns and now_ns >= self._again_ns):
            return
        after = ""
        while True:
            async with self._database.reading() as connection:
                seen, after = await assignments.seen_after(connection, after, AGENTS)
            if not after:
                break
            moves = moves_of(seen, self._placer)
            if moves:
                async with lead.writing() as transaction:
                    await assignments.move(self._database, transaction, moves, lead.now())
        self._done, self._again_ns = version, now_ns + AGAIN_NS if fresh else 0
