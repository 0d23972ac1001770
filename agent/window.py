"""Which report to send now: the window of unreceipted reports, pure. Time is an argument; nothing is read, sent or deleted here.

At most `limit` reports are in flight, the live one first, then the backlog oldest first. A report leaves only by `settle`, on a
receipt. The window is the back-pressure of the whole system: broker acknowledgements play no part (mosquitto drops beyond its queue
limit after acknowledging, measured). Design section 3.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass

LIMIT = 16
RESEND_S = 30.0
RESEND_MAX_S = 600.0
"""Design section 3: resend after 30 s, doubling to 10 min."""
HELD_S = 600.0
"""A held report waits as long as the longest resend: it needs an upgrade or a person, not a retry."""


@dataclass(slots=True)
class _Flight:
    due: float
    delay: float


class Window:
    """The reports of one stream by sequence number: waiting, in flight, or held. Times are seconds of any steady clock.

    `jitter` returns 0 to 1; a delay is stretched by up to a quarter of itself, so that a fleet does not resend in step.
    """

    def __init__(self, *, limit: int = LIMIT, resend_s: float = RESEND_S, jitter: Callable[[], float] = lambda: 0.0) -> None:
        self._limit = limit
        self._resend_s = resend_s
        self._jitter = jitter
        self._waiting: set[int] = set()
        self._oldest: list[int] = []
        self._live: int | None = None
        self._flight: dict[int, _Flight] = {}
        self._held: dict[int, float] = {}
        self._online = False

    @property
    def in_flight(self) -> frozenset[int]:
        """Return what was sent at least once and is not receipted."""
        return frozenset(self._flight)

    @property
    def unreceipted(self) -> frozenset[int]:
        """Return everything that still needs a receipt."""
        return frozenset(self._waiting | self._flight.keys() | self._held.keys())

    def load(self, seqs: Iterable[int]) -> None:
        """Take a backlog."""
        for seq in seqs:
            self._wait(seq)

    def add(self, seq: int) -> None:
        """Take a report just made; it goes first, and what was live before it becomes backlog."""
        self._wait(seq)
        self._live = seq

    def restart(self, seqs: Iterable[int]) -> None:
        """Forget all and take these: the stream was renumbered."""
        self._waiting.clear()
        self._oldest.clear()
        self._flight.clear()
        self._held.clear()
        self.load(seqs)
        self._live = max(self._waiting, default=None)

    def online(self, now: float) -> None:
        """Note a fresh connection: what is in flight may have died with the last one, and is due at once."""
        self._online = True
        for flight in self._flight.values():
            flight.due, flight.delay = now, self._resend_s
        self.release()

    def offline(self) -> None:
        """Note that nothing can be sent."""
        self._online = False

    def due(self, now: float) -> list[int]:
        """Return what to send now, in order, and count it as sent."""
        if not self._online:
            return []
        for seq in [seq for seq, until in self._held.items() if until <= now]:
            del self._held[seq]
            self._wait(seq)
        again = sorted(seq for seq, flight in self._flight.items() if flight.due <= now)
        for seq in again:
            flight = self._flight[seq]
            flight.delay = min(2 * flight.delay, RESEND_MAX_S)
            flight.due = now + self._stretched(flight.delay)
        first = self._start(self._take_live(), now)
        fresh: list[int] = []
        while (oldest := self._take_oldest()) is not None:
            fresh += self._start(oldest, now)
        return [*first, *again, *fresh]

    def next_due(self, now: float) -> float | None:
        """Return when `due` has something next; None means: not before something happens."""
        if not self._online:
            return None
        if self._live_fits() or self._backlog_fits():
            return now
        return min([*(flight.due for flight in self._flight.values()), *self._held.values()], default=None)

    def settle(self, done: Iterable[int], now: float) -> None:
        """Note a receipt for this stream: `done` need nothing more, and the centre lives, so back-off starts anew for the rest."""
        self.drop(done)
        for flight in self._flight.values():
            flight.delay = self._resend_s
            flight.due = min(flight.due, now + self._stretched(self._resend_s))

    def drop(self, seqs: Iterable[int]) -> None:
        """Forget reports that are gone from the spool."""
        for seq in seqs:
            self._waiting.discard(seq)
            self._flight.pop(seq, None)
            self._held.pop(seq, None)

    def hold(self, seqs: Iterable[int], now: float) -> None:
        """Put aside reports the centre cannot take yet; they free their place in the window."""
        for seq in seqs:
            if seq in self._waiting or self._flight.pop(seq, None) is not None:
                self._waiting.discard(seq)
                self._held[seq] = now + self._stretched(HELD_S)

    def release(self) -> None:
        """Offer held reports again: the plan or the software changed, or the connection is new."""
        held, self._held = self._held, {}
        self.load(held)

    def want(self, seqs: Iterable[int], now: float) -> None:
        """Send these again at once: the centre turned out to lack bodies it was believed to have."""
        for seq in seqs:
            if seq in self._flight:
                self._flight[seq].due = now
            elif self._held.pop(seq, None) is not None:
                self._wait(seq)

    def _wait(self, seq: int) -> None:
        if seq not in self._waiting and seq not in self._flight and seq not in self._held:
            self._waiting.add(seq)
            heapq.heappush(self._oldest, seq)

    def _start(self, seq: int | None, now: float) -> list[int]:
        if seq is None:
            return []
        self._waiting.discard(seq)
        self._flight[seq] = _Flight(now + self._stretched(self._resend_s), self._resend_s)
        return [seq]

    def _live_fits(self) -> bool:
        return self._live in self._waiting and len(self._flight) < self._limit

    def _backlog_fits(self) -> bool:
        # One place is kept for the live report: what happens now must not queue behind an hour of backlog.
        return bool(self._waiting) and len(self._flight) < max(1, self._limit - 1)

    def _take_live(self) -> int | None:
        return self._live if self._live_fits() else None

    def _take_oldest(self) -> int | None:
        while self._backlog_fits():
            seq = heapq.heappop(self._oldest)
            if seq in self._waiting:
                return seq
        return None

    def _stretched(self, delay: float) -> float:
        return delay * (1 + self._jitter() / 4)
