"""The ledger's rules: every number is done once, forks show themselves, and order does not matter."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from server.collector.ledger import Entry, Head, decide, decide_unreadable, merge, needs_rows, read_beyond


def chain(length: int, salt: str = "a") -> list[Entry]:
    """Return the entries of a whole stream."""
    return [Entry(seq, "stored", f"{salt}{seq}", f"{salt}{seq - 1}" if seq > 1 else "", 1000 + seq) for seq in range(1, length + 1)]


def store(head: Head, rows: dict[int, Entry], entry: Entry) -> Head:
    """Store one entry as the collector does."""
    rows[entry.seq] = entry
    return head.with_entry(entry)


@given(st.permutations(range(12)))
def test_order_of_arrival_does_not_matter(order: list[int]) -> None:
    """Whatever the order, each report is new once, then a duplicate, and the head ends the same."""
    entries = chain(12)
    rows: dict[int, Entry] = {}
    head = Head("s", "a")
    for index in order:
        assert decide(head, rows, entries[index]) == "new"
        head = store(head, rows, entries[index])
        assert decide(head, rows, entries[index]) == "duplicate"
    assert (head.upto, head.beyond, head.last_digest) == (12, (), "a12")


@given(st.sets(st.integers(1, 60)), st.lists(st.tuples(st.integers(1, 60), st.integers(0, 5)), max_size=6))
def test_head_knows_exactly_what_is_done(numbers: set[int], spans: list[tuple[int, int]]) -> None:
    """`has` agrees with a plain set of numbers, after any mix of reports and dropped ranges."""
    head = Head("s", "a")
    done: set[int] = set()
    for seq in sorted(numbers, key=lambda one: one * 7 % 61):
        head = head.with_entry(Entry(seq, "stored", f"d{seq}", "", seq))
        done.add(seq)
    ranges = [(first, first + more) for first, more in spans]
    head = head.with_done(ranges)
    done |= {seq for first, last in ranges for seq in range(first, last + 1)}
    assert {seq for seq in range(1, 70) if head.has(seq)} == done
    assert head.beyond == merge(head.beyond)
    assert read_beyond(head.beyond_text()) == head.beyond


def test_next_in_line_needs_no_rows() -> None:
    """The plain case is decided from the head alone; everything else looks at rows."""
    head = Head("s", "a")
    rows: dict[int, Entry] = {}
    first, second, third = chain(3)
    assert not needs_rows(head, first)
    head = store(head, rows, first)
    assert not needs_rows(head, second)
    assert needs_rows(head, third)
    assert needs_rows(head, first)


def test_restored_spool_forks_at_its_first_new_report() -> None:
    """A spool put back to an older copy counts on from there: the number is stored with another digest."""
    rows: dict[int, Entry] = {}
    head = Head("s", "a")
    for entry in chain(10):
        head = store(head, rows, entry)
    again = Entry(6, "stored", "other", "a5", 5000)
    assert decide(head, rows, again) == "fork"


def test_clone_that_runs_ahead_forks_by_its_predecessor() -> None:
    """A clone sends a number not seen yet, but its predecessor is not the one we stored."""
    rows: dict[int, Entry] = {}
    head = Head("s", "a")
    for entry in chain(10):
        head = store(head, rows, entry)
    assert decide(head, rows, Entry(11, "stored", "b11", "b10", 5000)) == "fork"
    assert decide(head, rows, Entry(11, "stored", "a11", "a10", 5000)) == "new"


def test_original_that_meets_its_clones_report_forks_by_its_successor() -> None:
    """A report whose stored successor names another predecessor is of another spool."""
    rows: dict[int, Entry] = {}
    head = Head("s", "a")
    head = store(head, rows, Entry(5, "stored", "b5", "b4", 50))
    assert decide(head, rows, Entry(4, "stored", "a4", "a3", 40)) == "fork"
    assert decide(head, rows, Entry(4, "stored", "b4", "b3", 40)) == "new"


def test_clock_set_back_hides_no_fork() -> None:
    """A restored spool with its clock a day back has older creations, and is found by its digest all the same."""
    rows: dict[int, Entry] = {}
    head = Head("s", "a")
    for entry in chain(3):
        head = store(head, rows, entry)
    assert decide(head, rows, Entry(3, "stored", "x3", "a2", 1)) == "fork"


def test_numbers_older_than_the_ledger_keeps() -> None:
    """Without a row, a done number made before the newest is a duplicate, one made after it is a fork."""
    head = replace(Head("s", "a"), upto=100, last_seq=100, last_created_ns=900, last_digest="a100")
    assert decide(head, {}, Entry(7, "stored", "a7", "a6", 800)) == "duplicate"
    assert decide(head, {}, Entry(7, "stored", "z7", "z6", 901)) == "fork"


def test_quarantined_and_dropped_prove_nothing() -> None:
    """A neighbour that was never read cannot contradict, and its own number may still be stored."""
    rows = {2: Entry(2, "quarantined", "bytes", "", 0)}
    head = Head("s", "a").with_entry(chain(1)[0]).with_entry(rows[2])
    assert decide(head, rows, chain(3)[2]) == "new"
    assert decide(head, rows, chain(3)[1]) == "new"
    rows[2] = Entry(2, "dropped", "", "", 0)
    assert decide(head, rows, chain(3)[1]) == "new"


def test_unreadable_is_taken_once() -> None:
    """Poison is new where nothing is known, and nothing where something is."""
    head = Head("s", "a").with_entry(chain(1)[0])
    assert decide_unreadable(head, {}, 2) == "new"
    assert decide_unreadable(head, {}, 1) == "duplicate"
