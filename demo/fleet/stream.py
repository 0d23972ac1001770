"""One simulated agent's stream: its unreceipted reports in memory, numbered and chained as a real agent's spool does on disk.

Nothing is sent or scheduled here; which report goes when is `agent.window`'s word, what a receipt means is `agent.receipts`'. A stream is
new with each process: what was not receipted when the last one ended is lost, and nobody misses it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent.receipts import Ranges, done_ranges, is_forked, merged, without
from agent.window import Window
from demo.fleet.bodies import Bodies
from demo.fleet.reports import Made
from wire.codec import content_id, encode
from wire.receipt import Receipt

MAX_TOLD_RANGES = 64
"""wire.report.Report.dropped holds so many."""


@dataclass(frozen=True, slots=True)
class _Kept:
    made: Made
    digest: str
    previous: str


class Stream:
    """Reports of one agent. `bound` is how many unreceipted ones are kept; the oldest goes first, and is told as dropped."""

    def __init__(self, agent: str, bodies: Bodies, window: Window, *, bound: int, name: Callable[[], str]) -> None:
        self.agent = agent
        self.name = name()
        self.window = window
        self.created_ns = 0
        self._bodies = bodies
        self._bound = bound
        self._new_name = name
        self._former: str | None = None
        self._last, self._digest = 0, ""
        self._kept: dict[int, _Kept] = {}
        self._gone: Ranges = []

    @property
    def unreceipted(self) -> int:
        """Return how many reports are kept."""
        return len(self._kept)

    def append(self, made: Made, *, live: bool = True) -> None:
        """Number a report and keep it. `made.created_ns` must be later than that of every one before. A live one is sent first."""
        self._add(made)
        if live:
            self.window.add(self._last)
        self.created_ns = made.created_ns
        if len(self._kept) > self._bound:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self.window.drop([oldest])
            self._gone = merged([*self._gone, (oldest, oldest)])

    def _add(self, made: Made) -> None:
        self._last += 1
        previous, self._digest = self._digest, content_id(made.cycle)
        self._kept[self._last] = _Kept(made, self._digest, previous)
        self.window.load([self._last])

    def payload(self, seq: int) -> bytes | None:
        """Return report `seq` as it goes over the wire, with every body the centre is not known to have; None when it is gone."""
        kept = self._kept.get(seq)
        if kept is None:
            return None
        facts, certificates = self._bodies.to_send(kept.made.facts)
        return encode(
            self.agent,
            self.name,
            seq,
            cycle=kept.made.cycle,
            digest=kept.digest,
            previous=kept.previous or None,
            former=self._former,
            dropped=self._gone[:MAX_TOLD_RANGES],
            facts=facts,
            certificates=certificates,
            compress=False,  # it stays on this machine; deflating would add a quarter to what a report costs here (measured)
        )

    def apply(self, receipt: Receipt, now: float) -> None:
        """Do what a receipt says; one of another stream says nothing. `now` is the window's clock."""
        if receipt.stream != self.name:
            return
        if is_forked(receipt, self._last, self._digest_of):
            self._begin_anew()
            return
        ranges = done_ranges(receipt)
        refused = {one.seq for one in receipt.quarantined}
        done = [seq for seq in self._kept if any(first <= seq <= last for first, last in ranges)]
        for seq in done:
            kept = self._kept.pop(seq)
            if seq not in refused:
                self._bodies.arrived(kept.made.facts)
                self._former = None  # it came with this one
        self._gone = without(self._gone, ranges)
        self.window.settle(done, now)
        self.window.hold([one.seq for one in receipt.held], now)
        if receipt.want:
            self._send_again(self._bodies.wanted(receipt.want), now)

    def _send_again(self, lacking: set[str], now: float) -> None:
        """Offer again at once what needs one of these; the others travel with their bodies anyway, and the resend time is enough."""
        self.window.want([seq for seq, kept in self._kept.items() if lacking & self._bodies.needed(kept.made.facts)], now)

    def _digest_of(self, seq: int) -> str | None:
        if seq == self._last:
            return self._digest
        kept = self._kept.get(seq)
        after = self._kept.get(seq + 1)
        return kept.digest if kept else (after.previous or None) if after else None

    def _begin_anew(self) -> None:
        """Go on as a new stream; what is not receipted gets new numbers in the same order."""
        kept = list(self._kept.values())
        self._former, self.name = self.name, self._new_name()
        self._last, self._digest = 0, ""
        self._kept, self._gone = {}, []
        self.window.restart([])
        for one in kept:
            self._add(one.made)
