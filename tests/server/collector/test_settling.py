"""Settling: whatever is sent, again, mixed, cut into whatever batches, by originals and their copies, the ledger stays true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from hypothesis import given
from hypothesis import strategies as st

from server.collector.intake import Item
from server.collector.ledger import Entry, Head
from server.collector.settling import Settled, dropped_of, in_order, settle, wanted_rows
from server.ingest.port import Arrival
from wire.report import Report

LENGTH = 8
STREAMS = ("s", "t")


class Sent(NamedTuple):
    """One sending: which stream, the original's report, its copy's, or bytes nobody can read, and which number."""

    stream: str
    who: str
    seq: int


def digest_of(sent: Sent, forked_after: int) -> str:
    """Return what the sender's spool holds at a number: copies share what was there when they were made."""
    return f"{'b' if sent.who == 'copy' and sent.seq > forked_after else 'a'}{sent.stream}{sent.seq}" if sent.seq else ""


def item(sent: Sent, forked_after: int, agent: str = "agent", dropped: Sequence[tuple[int, int]] = ()) -> Item:
    """Return a sending as it comes out of intake."""
    arrival = Arrival("", b"", 0)
    if sent.who == "poison":
        return Item(arrival, agent, Entry(sent.seq, "quarantined", f"p{sent.seq}", "", 0), sent.stream, None, "poison")
    digest, previous = digest_of(sent, forked_after), digest_of(sent._replace(seq=sent.seq - 1), forked_after)
    report = cast("Any", Report).model_construct(seq=sent.seq, dropped=list(dropped))
    return Item(arrival, agent, Entry(sent.seq, "stored", digest, previous, sent.seq * 10 + (sent.who == "copy")), sent.stream, report)


@dataclass
class Books:
    """The state database, in memory. Gives `settle` exactly the rows it asks for."""

    heads: dict[str, Head] = field(default_factory=dict)
    rows: dict[str, dict[int, Entry]] = field(default_factory=dict)

    def take(self, batch: Sequence[Item]) -> Settled:
        """Settle a batch and keep the outcome; hold that the wanted rows are all it takes, and that no row is made twice."""
        items = in_order(batch)
        wanted = wanted_rows(self.heads, items)
        few = {key: {seq: row for seq, row in self.rows.get(key, {}).items() if seq in numbers} for key, numbers in wanted.items()}
        settled, whole = settle(self.heads, few, items), settle(self.heads, self.rows, items)
        assert (settled.heads, settled.new, settled.replaced) == (whole.heads, whole.new, whole.replaced)
        for one in settled.new:
            assert one.entry.seq not in self.rows.setdefault(one.stream, {}), "a row made twice"
            self.rows[one.stream][one.entry.seq] = one.entry
        for one in settled.replaced:
            assert self.rows[one.stream][one.entry.seq].state == "quarantined", "a stored row overwritten"
            self.rows[one.stream][one.entry.seq] = one.entry
        self.heads = settled.heads
        return settled


SENDINGS = st.lists(
    st.lists(
        st.builds(Sent, st.sampled_from(STREAMS), st.sampled_from(["original", "copy", "poison"]), st.integers(1, LENGTH)), max_size=8
    ),
    max_size=12,
)


def ranges_of(head: Head) -> list[tuple[int, int]]:
    """Return what a receipt from this head calls done."""
    return [(1, head.upto), *head.beyond] if head.upto else list(head.beyond)


def unproved(head: Head, rows: Mapping[int, Entry], who: str, forked_after: int) -> list[int]:
    """Return numbers a spool would delete by this receipt though the ledger has not stored its report.

    A spool believes a range whose end has its own digest. A range with a number in it that was never read proves less, and is left out.
    """
    lost = []
    for first, last in ranges_of(head):
        inside = {seq: rows.get(seq) for seq in range(first, last + 1)}
        if all(row is not None and row.state == "stored" for row in inside.values()):
            mine = {seq: digest_of(Sent(head.stream, who, seq), forked_after) for seq in inside}
            if mine[last] == rows[last].digest:
                lost += [seq for seq in inside if rows[seq].digest != mine[seq]]
    return lost


@given(SENDINGS, st.integers(0, LENGTH), st.sampled_from(["agent", "clone"]))
def test_no_report_is_stored_twice_and_none_receipted_that_is_not(batches: list[list[Sent]], forked_after: int, copy: str) -> None:
    """Any interleaving, duplication, batching and copying: rows are made once, done numbers have rows, ends prove their ranges."""
    books = Books()
    for batch in batches:
        books.take([item(one, forked_after, copy if one.who == "copy" else "agent") for one in batch])
        for key, head in books.heads.items():
            rows = books.rows.get(key, {})
            assert {seq for first, last in ranges_of(head) for seq in range(first, last + 1)} == set(rows)
            newest = rows[max(rows)] if rows else Entry(0, "dropped", "", "", 0)
            assert (head.last_seq, head.last_digest) == (newest.seq, newest.digest if newest.state == "stored" else "")
            for who in ("original", "copy"):
                assert unproved(head, rows, who, forked_after) == []


@given(st.lists(st.integers(1, LENGTH), max_size=30), st.lists(st.integers(1, 5), max_size=30))
def test_an_honest_stream_never_forks(order: list[int], sizes: list[int]) -> None:
    """Sent in any order, any number of times, in any batches: each number is new once, all other times a duplicate."""
    books, new = Books(), 0
    sent = [item(Sent("s", "original", seq), LENGTH) for seq in order]
    for size in [*sizes, len(sent)]:
        batch, sent = sent[:size], sent[size:]
        settled = books.take(batch)
        assert (settled.forks, settled.replaced) == ([], [])
        new += len(settled.new)
    assert new == len(set(order))


@given(st.integers(0, LENGTH - 1))
def test_a_copy_that_runs_on_alone_is_told_apart_from_the_first_report_on(forked_after: int) -> None:
    """Once the original is stored whole, no report only the copy has is ever stored, and each is called a fork."""
    books = Books()
    books.take([item(Sent("s", "original", seq), forked_after) for seq in range(1, LENGTH + 1)])
    settled = books.take([item(Sent("s", "copy", seq), forked_after) for seq in range(1, LENGTH + 1)])
    assert [one.entry.seq for one in settled.forks] == list(range(forked_after + 1, LENGTH + 1))
    assert (settled.new, settled.replaced) == ([], [])
    assert settled.heads["s"].forks == LENGTH - forked_after


def test_a_stream_belongs_to_the_agent_that_opened_it() -> None:
    """The same bytes under another agent's name are a fork, readable or not, and change nothing but the count."""
    books = Books()
    first = item(Sent("s", "original", 1), LENGTH)
    books.take([first])
    settled = books.take([item(Sent("s", "original", 1), LENGTH, "thief"), item(Sent("s", "poison", 2), LENGTH, "thief")])
    assert [one.entry.seq for one in settled.forks] == [1, 2]
    assert (settled.heads["s"].agent, settled.heads["s"].upto, settled.heads["s"].forks) == ("agent", 1, 2)


def test_a_number_that_was_poison_is_stored_when_it_becomes_readable() -> None:
    """Poison takes its number; the readable report of that number replaces it, in the same batch or later."""
    books = Books()
    settled = books.take([item(Sent("s", "poison", 1), LENGTH), item(Sent("s", "original", 1), LENGTH)])
    assert ([one.entry.state for one in settled.new], [one.entry.state for one in settled.replaced]) == (["quarantined"], ["stored"])
    assert books.heads["s"].last_digest == "as1"
    books.take([item(Sent("s", "poison", 2), LENGTH)])
    assert [one.entry.seq for one in books.take([item(Sent("s", "original", 2), LENGTH)]).replaced] == [2]


def test_dropped_ranges_are_believed_below_the_report_only() -> None:
    """An agent can only have dropped what it made before; overlapping ranges are one; a forked report's word counts for nothing."""
    books = Books()
    told = item(Sent("s", "original", 6), LENGTH, dropped=[(1, 2), (2, 3), (5, 9), (7, 8)])
    assert dropped_of(told) == ((1, 3), (5, 5))
    books.take([told])
    assert (books.heads["s"].upto, books.heads["s"].beyond) == (3, ((5, 6),))
    books.take([item(Sent("s", "copy", 6), 2, dropped=[(4, 4)])])
    assert books.heads["s"].upto == 3
    assert dropped_of(item(Sent("s", "poison", 4), LENGTH)) == ()
