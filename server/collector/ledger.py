"""The ledger's rules, pure: which reports of a stream are new, done already, or from a forked stream.

A head says how far a stream has come; rows say what each report was. Persistence is `server/state/ledger.py`. The digest chain makes a
restored or cloned spool show itself: its next report has a sequence number that is stored with another digest, or names a
predecessor we never stored.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Ranges = tuple[tuple[int, int], ...]
"""Sorted, disjoint, not touching; first and last included."""

Decision = Literal["new", "duplicate", "fork"]
MAX_RANGES = 1000
"""A receipt names at most so many ranges; an agent's window is 16, so real streams have a handful."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One report's identity in the ledger."""

    seq: int
    state: Literal["stored", "quarantined", "dropped"]
    digest: str
    previous: str
    created_ns: int


@dataclass(frozen=True, slots=True)
class Head:
    """How far one stream has come. All up to `upto`, and the ranges in `beyond`, are done: stored, quarantined or dropped."""

    stream: str
    agent: str
    upto: int = 0
    beyond: Ranges = ()
    last_seq: int = 0
    last_created_ns: int = 0
    last_digest: str = ""
    forks: int = 0
    stored: bool = field(default=True, compare=False)
    """Whether the state database has a row of it yet."""

    def has(self, seq: int) -> bool:
        """Return whether this sequence number is done."""
        return seq <= self.upto or any(first <= seq <= last for first, last in self.beyond)

    def with_done(self, ranges: Iterable[tuple[int, int]]) -> "Head":
        """Return the head after these ranges are done too."""
        upto, beyond = _settle(self.upto, merge((*self.beyond, *ranges)))
        return replace(self, upto=upto, beyond=beyond)

    def with_entry(self, entry: Entry) -> "Head":
        """Return the head after this report is done."""
        in_line = entry.seq == self.upto + 1 and not self.beyond
        upto, beyond = (entry.seq, ()) if in_line else _settle(self.upto, merge((*self.beyond, (entry.seq, entry.seq))))
        if entry.seq < self.last_seq:
            return replace(self, upto=upto, beyond=beyond)
        digest = entry.digest if entry.state == "stored" else ""
        created_ns = max(entry.created_ns, self.last_created_ns)
        return Head(self.stream, self.agent, upto, beyond, entry.seq, created_ns, digest, self.forks, self.stored)

    def beyond_text(self) -> str:
        """Return `beyond` as it is stored."""
        return json.dumps(self.beyond, separators=(",", ":"))


def read_beyond(text: str) -> Ranges:
    """Return the ranges that `Head.beyond_text` wrote."""
    return tuple((first, last) for first, last in json.loads(text))


def merge(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the union of ranges, sorted, with touching ones joined."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _settle(upto: int, ranges: Ranges) -> tuple[int, Ranges]:
    rest = []
    for first, last in ranges:
        if first <= upto + 1:
            upto = max(upto, last)
        else:
            rest.append((first, last))
    return upto, tuple(rest)


def needs_rows(head: Head, entry: Entry) -> bool:
    """Return whether `decide` must see the stored rows around this report: always, but in the plain case of the next one in line."""
    return not (entry.seq == head.last_seq + 1 and not head.has(entry.seq) and head.last_digest == entry.previous)


def decide(head: Head, rows: Mapping[int, Entry], entry: Entry) -> Decision:
    """Say what a readable report is. `rows` holds the stored entries at seq-1, seq and seq+1, where they exist.

    A quarantined or dropped neighbour proves nothing; a row older than the ledger keeps is judged by its creation time.
    """
    if not needs_rows(head, entry):
        return "new"
    same = rows.get(entry.seq)
    if same is not None and same.state == "stored":
        return "duplicate" if same.digest == entry.digest else "fork"
    done_long_ago = same is None and head.has(entry.seq)
    set_back = done_long_ago and entry.created_ns > head.last_created_ns  # made after all we have seen, with an old number
    if set_back or _breaks_chain(rows, entry):
        return "fork"
    return "duplicate" if done_long_ago else "new"


def _breaks_chain(rows: Mapping[int, Entry], entry: Entry) -> bool:
    before, after = rows.get(entry.seq - 1), rows.get(entry.seq + 1)
    wrong_before = before is not None and before.state == "stored" and before.digest != entry.previous
    wrong_after = after is not None and after.state == "stored" and after.previous != entry.digest
    return wrong_before or wrong_after


def decide_unreadable(head: Head, rows: Mapping[int, Entry], seq: int) -> Decision:
    """Say what a report is of which only the topic could be read."""
    return "duplicate" if seq in rows or head.has(seq) else "new"
