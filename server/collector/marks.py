"""Which hours of which sites a batch touches, so that they are summed up: marked in the batch's own transaction, and not again and again.

An hour that is still open need be marked once: nobody sums it up before it is over and a grace has passed (`GRACE_NS` of
`server/watcher/rollups/due.py`), and by then what this process stored is there. Late data marks its hour each time it comes.
"""

from collections.abc import Iterable

from server.collector.meaning import Meaning
from server.state import rollups
from server.state.database import Transaction

HOUR_NS = 3600 * 10**9
MOST_HOURS = 100_000
"""Of open hours remembered: one or two for each site, and those of agents whose clock is ahead. 10 MB; forgotten, they are marked again."""


class HourMarks:
    """`take` within a transaction, `committed` after it."""

    def __init__(self) -> None:
        self._open: set[tuple[str, int]] = set()
        self._pending: set[tuple[str, int]] = set()

    async def take(self, connection: Transaction, meanings: Iterable[Meaning], now_ns: int) -> None:
        """Mark what these stored reports touch, unless it is known to be marked and cannot have been summed up yet."""
        touched = {(one.site, hour) for one in meanings for hour in {point.time_ns // HOUR_NS for point in one.points}}
        fresh = {(site, hour) for site, hour in touched if (site, hour) not in self._open or now_ns >= (hour + 1) * HOUR_NS}
        await rollups.mark(connection, {(site, hour * HOUR_NS) for site, hour in fresh}, now_ns)
        self._pending = {(site, hour) for site, hour in fresh if now_ns < (hour + 1) * HOUR_NS}

    def committed(self, now_ns: int) -> None:
        """Remember the open hours of the last `take`: its transaction is through. Hours that are over are forgotten."""
        if not self._pending:
            return
        kept = {(site, hour) for site, hour in self._open if now_ns < (hour + 1) * HOUR_NS} if len(self._open) < MOST_HOURS else set()
        self._open, self._pending = kept | self._pending, set()
