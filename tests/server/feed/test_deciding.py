"""When the service is asked: never twice within an hour whatever it answered, later after failures, and stale is told once."""

from hypothesis import given
from hypothesis import strategies as st

from server.feed.deciding import (
    HOUR_NS,
    LONGEST_NS,
    MAX_RETRY_AFTER_NS,
    STALE_NS,
    claimed,
    confirmed,
    due,
    failed,
    is_stale,
    taken,
    told,
)
from server.state.feed import FeedRow

NOW = 1_700_000_000 * 10**9
NEW = FeedRow("Worldwide", "guid", since_ns=NOW)


def test_failures_wait_longer_each_time() -> None:
    """One hour, two, four, then six; a Retry-After that is longer holds, one beyond a day is not believed; success begins anew."""
    row, waits = NEW, []
    for _ in range(5):
        row = failed(row, "no answer", 0, NOW)
        waits.append((row.next_ns - NOW) // HOUR_NS)
    assert waits == [1, 2, 4, 6, 6]
    assert failed(NEW, "429", 7200, NOW).next_ns == NOW + 2 * HOUR_NS
    assert failed(NEW, "429", 10, NOW).next_ns == NOW + HOUR_NS
    assert failed(NEW, "429", 1e9, NOW).next_ns == NOW + MAX_RETRY_AFTER_NS
    well = confirmed(row, NOW)
    assert (well.failures, well.trouble, well.next_ns) == (0, "", NOW + HOUR_NS)
    assert len(failed(NEW, "x" * 999, 0, NOW).trouble) == 256


def test_whom_it_did_not_reach_was_not_asked() -> None:
    """Ten minutes, doubled, up to six hours; a person may have it asked at once."""
    row, waits = NEW, []
    for _ in range(8):
        row = failed(row, "no way out", 0, NOW, reached=False)
        waits.append((row.next_ns - NOW) // (HOUR_NS // 6))
    assert waits == [1, 2, 4, 8, 16, 32, 36, 36]
    assert row.free_ns == 0
    assert failed(row, "503", 0, NOW).free_ns == NOW + HOUR_NS


def test_a_clock_that_was_wrong_stops_nothing() -> None:
    """A next time further ahead than any rule sets does not hold."""
    assert due(NEW, NOW)
    assert not due(claimed(NEW, NOW), NOW)
    assert due(claimed(NEW, NOW), NOW + HOUR_NS)
    assert due(claimed(NEW, NOW + 365 * 24 * HOUR_NS), NOW)


def test_stale_is_told_once() -> None:
    """A week after the last confirmation, or after the first try; once until it is confirmed again, each time with its own number."""
    assert not is_stale(NEW, NOW + STALE_NS - 1)
    assert is_stale(NEW, NOW + STALE_NS)
    row = told(NEW)
    assert not is_stale(row, NOW + 9 * STALE_NS)
    row = taken(row, "2026081400", b"[]", NOW + STALE_NS)
    assert (row.stale, row.episode, row.version, row.changed_ns) == (False, 1, "2026081400", NOW + STALE_NS)
    assert not is_stale(row, NOW + 2 * STALE_NS - 1)
    assert told(row).episode == 2
    assert is_stale(row, NOW + 2 * STALE_NS)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4 * HOUR_NS), st.floats(0, 1e6)), max_size=40))
def test_never_twice_within_an_hour(steps: list[tuple[int, int, float]]) -> None:
    """Whatever it answers and whenever we look, between two askings there is an hour, and never more than a day and our own pauses."""
    row, now_ns, asked = NEW, NOW, -HOUR_NS
    for answer, later_ns, retry_after_s in steps:
        now_ns += later_ns
        if not due(row, now_ns):
            assert row.next_ns - now_ns <= max(LONGEST_NS, MAX_RETRY_AFTER_NS)
            continue
        assert now_ns - asked >= HOUR_NS
        asked, row = now_ns, claimed(row, now_ns)
        if answer == 1:
            row = failed(row, "no", retry_after_s, now_ns)
        elif answer == 2:
            row = confirmed(row, now_ns)
        elif answer == 3:
            row = taken(row, "2026081400", b"[]", now_ns)
