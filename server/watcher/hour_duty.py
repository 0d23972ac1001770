"""The duty that counts agents' reports by hour from the ledger, as points. What arrived since the last look decides which hours.

An hour is always counted whole, so late reports and repeated looks give the same point. The mark of how far it has looked moves after the
points are stored: who is cut short counts again.
"""

from server.history.port import History
from server.state import agent_hours, counters
from server.watcher.leading import Leadership
from server.watcher.state_points import hour_point

NAME = "agent-hours-until"
"""The counter that keeps up to when (received, Unix ns) all is counted."""
EVERY_NS = 600 * 10**9
"""Between two countings: the running hour is counted so far, and an hour that is over ten minutes later at most."""
REACH_NS = 14 * 86_400 * 10**9
"""How far back a centre begins that never counted: as far as the history keeps raw points."""
SLICE_NS = 3600 * 10**9
"""Received at most that long after the last mark is counted at one look, so that the backlog of a long stop is taken in pieces."""
BATCH = 500


class HourDuty:
    """One duty, with no memory but its mark."""

    name = "completeness"
    every_s = 60.0

    def __init__(self, history: History) -> None:
        self._history = history

    async def step(self, lead: Leadership) -> None:
        """Count what came since the mark, if it is time to."""
        now_ns = lead.now()
        async with lead.database.reading() as transaction:
            mark_ns = await counters.value(transaction, NAME)
            if 0 <= now_ns - mark_ns < EVERY_NS:
                return
            first_ns = await agent_hours.first_received(transaction)
            since_ns = max(mark_ns, now_ns - REACH_NS, first_ns or now_ns)
            since_ns = min(since_ns, now_ns)  # a clock set back
            until_ns = min(now_ns, since_ns + SLICE_NS)
            wanted = await agent_hours.touched(transaction, since_ns, until_ns)
        for at in range(0, len(wanted), BATCH):
            async with lead.database.reading() as transaction:
                hours = [await agent_hours.count(transaction, agent, hour_ns) for agent, hour_ns in wanted[at : at + BATCH]]
            await self._history.write("mw_raw", [hour_point(one) for one in hours])
        async with lead.writing() as transaction:
            await counters.add(lead.database, transaction, NAME, until_ns - mark_ns)
