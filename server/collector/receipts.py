"""Receipts, pure: what the ledger says after a commit, one for each stream that was heard in a batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from server.collector.intake import Hold, Item
from server.collector.ledger import MAX_RANGES, Head
from wire.receipt import Receipt, Refusal


@dataclass(slots=True)
class Answers:
    """Who is to be told what. Keyed by (agent, stream): a clone with another name hears of the stream it copied."""

    quarantined: dict[tuple[str, str], list[Refusal]] = field(default_factory=dict)
    held: dict[tuple[str, str], list[Refusal]] = field(default_factory=dict)
    want: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    reset: set[tuple[str, str]] = field(default_factory=set)
    heard: set[tuple[str, str]] = field(default_factory=set)
    ends: dict[str, list[str]] = field(default_factory=dict)

    def hold(self, one: Hold) -> None:
        """Answer "keep it, and offer it again"."""
        self.heard.add((one.agent, one.stream))
        self.held.setdefault((one.agent, one.stream), []).append(Refusal(seq=one.seq, reason=one.reason[:256]))

    def ask(self, item: Item, ids: Iterable[str]) -> None:
        """Answer "send these bodies"."""
        self.heard.add((item.agent, item.stream))
        self.want.setdefault((item.agent, item.stream), set()).update(ids)

    def hear(self, item: Item) -> None:
        """Answer from the ledger, as for a number that was done before."""
        self.heard.add((item.agent, item.stream))

    def done(self, item: Item) -> None:
        """Answer from the ledger; name what just went to quarantine."""
        self.hear(item)
        if item.report is None:
            refusal = Refusal(seq=item.entry.seq, reason=item.reason[:256])
            self.quarantined.setdefault((item.agent, item.stream), []).append(refusal)

    def forked(self, item: Item) -> None:
        """Answer "make a new stream"."""
        self.heard.add((item.agent, item.stream))
        self.reset.add((item.agent, item.stream))

    def receipts(self, heads: Mapping[str, Head], now_ns: int) -> list[tuple[str, Receipt]]:
        """Return (agent, receipt) for everyone heard. A stream that is another agent's tells its copy nothing but to reset."""
        answers = []
        for key in sorted(self.heard):
            agent, stream = key
            head = heads.get(stream)
            mine = head is not None and head.agent == agent
            receipt = Receipt(
                stream=stream,
                upto=head.upto if head and mine else 0,
                also=list(head.beyond[-MAX_RANGES:]) if head and mine else [],
                quarantined=self.quarantined.get(key, [])[:MAX_RANGES],
                held=self.held.get(key, [])[:MAX_RANGES],
                want=sorted(self.want.get(key, ()))[:10_000],
                reset_stream=key in self.reset,
                ends=self.ends.get(stream, []) if mine else [],
                now_ns=now_ns,
            )
            answers.append((agent, receipt))
        return answers
