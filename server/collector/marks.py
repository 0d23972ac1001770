"""Which hours of which sites a batch touches, so that they are summed up: marked in the batch's own transaction, and not again and again.

An hour that is still open is marked once, and once more when it is over. The second is for a watcher whose clock is ahead, be it another
machine's or this one's before it was set back: it has taken the first for an hour that is over, and summed up half of it. With right
clocks both wait for the same sum (`server/watcher/rollups/due.py`). Late data marks its hour each time it comes.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from server.history.port import Point
from server.state import rollups
from server.state.database import Transaction

HOUR_NS = 3600 * 10**9
MOST_HOURS = 100_000
"""Of open hours remembered: one or two for each site, and those of agents whose clock is ahead. 10 MB; forgotten, they are marked again."""


class Stored(Protocol):
    """What is asked of a stored report: the site it is of, and its points."""

    @property
    def site(self) -> str:
        """Return where it was measured."""
        ...

    @property
    def points(self) -> Sequence[Point]:
        """Return all of it that is stored."""
        ...


class HourMarks:
    """`take` within a transaction, `committed` after it."""

    def __init__(self) -> None:
        self._open: set[tuple[str, int]] = set()
        self._pending: set[tuple[str, int]] = set()

    async def take(self, connection: Transaction, reports: Iterable[Stored], now_ns: int) -> None:
        """Mark what these stored reports touch, unless it is known to be marked and cannot have been summed up yet."""
        touched = {(one.site, hour) for one in reports for hour in {point.time_ns // HOUR_NS for point in one.points}}
        over = {(site, hour) for site, hour in self._open | touched if now_ns >= (hour + 1) * HOUR_NS}
        new = touched - self._open - over
        before = self._before(new)
        await rollups.mark(connection, {(site, hour * HOUR_NS) for site, hour in over | new | before}, now_ns)
        self._pending = (self._open | new) - over

    def committed(self) -> None:
        """Remember what of the last `take` is open: its transaction is through."""
        self._open = self._pending if len(self._pending) < MOST_HOURS else set()

    def _before(self, new: set[tuple[str, int]]) -> set[tuple[str, int]]:
        """Return the hours before those of sites not heard of lately: the life before this one may have ended before their second mark."""
        known = {site for site, _ in self._open} if new else set()
        return {(site, hour - 1) for site, hour in new if site not in known}
