"""A whole batch against the ledger, pure: what is new, done already, or forked, and the heads that follow from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from server.collector.intake import Item
from server.collector.ledger import Entry, Head, decide, decide_unreadable, merge, needs_rows

Rows = Mapping[str, Mapping[int, Entry]]


@dataclass(slots=True)
class Settled:
    """The outcome for one batch. `replaced` are new items whose number was quarantined or dropped before."""

    heads: dict[str, Head]
    new: list[Item] = field(default_factory=list)
    replaced: list[Item] = field(default_factory=list)
    duplicates: list[Item] = field(default_factory=list)
    forks: list[Item] = field(default_factory=list)


def in_order(items: Iterable[Item]) -> list[Item]:
    """Return items by stream and number: then all but the odd one follow their predecessor."""
    return sorted(items, key=lambda item: (item.stream, item.entry.seq))


def wanted_rows(heads: Mapping[str, Head], items: Sequence[Item]) -> dict[str, set[int]]:
    """Return the sequence numbers whose rows `settle` must see, by stream."""
    now = dict(heads)
    wanted: dict[str, set[int]] = {}
    for item in items:
        head = now.get(item.stream) or Head(item.stream, item.agent)
        seq = item.entry.seq
        if item.report is None or needs_rows(head, item.entry):
            wanted.setdefault(item.stream, set()).update((seq - 1, seq, seq + 1))
        now[item.stream] = head if head.has(seq) else head.with_entry(item.entry)
    return wanted


def settle(heads: Mapping[str, Head], rows: Rows, items: Sequence[Item]) -> Settled:
    """Decide every item, in order, each knowing the ones before it."""
    done = Settled(dict(heads))
    known: dict[str, dict[int, Entry]] = {key: dict(value) for key, value in rows.items()}
    for item in items:
        head = done.heads.get(item.stream) or Head(item.stream, item.agent, stored=False)
        mine = known.setdefault(item.stream, {})
        if head.agent != item.agent:
            done.forks.append(item)
            done.heads[item.stream] = replace(head, forks=head.forks + 1)
            continue
        decision = decide(head, mine, item.entry) if item.report else decide_unreadable(head, mine, item.entry.seq)
        if decision == "new":
            before = mine.get(item.entry.seq)
            (done.replaced if before is not None and before.state == "quarantined" else done.new).append(item)
            mine[item.entry.seq] = item.entry
            head = head.with_entry(item.entry)
        elif decision == "fork":
            done.forks.append(item)
            head = replace(head, forks=head.forks + 1)
        else:
            done.duplicates.append(item)
        if item.report and item.report.dropped and decision != "fork":
            head = head.with_done(dropped_of(item))
        done.heads[item.stream] = head
    return done


def dropped_of(item: Item) -> tuple[tuple[int, int], ...]:
    """Return the ranges an agent says it dropped, as far as they can be true: below its own number."""
    report = item.report
    if report is None:
        return ()
    return merge((first, min(last, report.seq - 1)) for first, last in report.dropped if first <= min(last, report.seq - 1))
