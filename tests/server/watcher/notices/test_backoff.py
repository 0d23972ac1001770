"""Holds server/watcher/notices/backoff.py: waits grow to a cap, with jitter; age ends them."""

from server.watcher.notices.backoff import LONGEST_S, is_given_up, pause_ns


def test_waits_double_to_five_minutes() -> None:
    """5, 10, 20 ... 300 seconds, within a tenth; any number of tries is answered."""
    waits = [pause_ns(tries, 0.5) / 1e9 for tries in (1, 2, 3, 7, 8, 1000)]
    assert waits == [5, 10, 20, 300, 300, 300]
    assert (pause_ns(1, 0.0), pause_ns(1, 0.999)) == (4_500_000_000, 5_499_000_000)


def test_what_the_receiver_asks_for() -> None:
    """Is heeded, but not for ever."""
    assert pause_ns(1, 0.5, 60) == 60 * 10**9
    assert pause_ns(1, 0.5, 1e9) == LONGEST_S * 10**9


def test_age() -> None:
    """A letter is given up at its age, not before."""
    assert [is_given_up(0, at, 10.0) for at in (9 * 10**9, 10 * 10**9)] == [False, True]
