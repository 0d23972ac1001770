"""Episodes: told once when long enough wrong, ended on positive evidence that lasts, and unmoved by what nobody knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.watcher.episodes import Episode, Patience, Told, step
from tests.fakes.sightings import MINUTE, START

PATIENT = Patience(2 * MINUTE, 3 * MINUTE)


def walk(looks: str, patience: Patience = PATIENT) -> list[tuple[int, Told, int]]:
    """Look once a minute: `x` wrong, `.` right, `?` unknown. Return (minute, what was told, number)."""
    state, found = Episode(), []
    for minute, look in enumerate(looks):
        wrong = {"x": True, ".": False, "?": None}[look]
        now = START + minute * MINUTE
        state, told = step(state, wrong=wrong, since_ns=now, now_ns=now, patience=patience)
        if told:
            found.append((minute, told, state.number))
    return found


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ("......", []),
        ("xx.xx.xx", []),  # never for two minutes
        ("xxxxxx", [(2, "begins", 1)]),
        ("xxx...", [(2, "begins", 1)]),  # right for two minutes: not yet
        ("xxx....", [(2, "begins", 1), (6, "ends", 1)]),
        ("xxx..x....", [(2, "begins", 1), (9, "ends", 1)]),  # a swing is no end
        ("xxx????????", [(2, "begins", 1)]),  # silence never resolves
        ("xxx.???.", [(2, "begins", 1), (7, "ends", 1)]),
        ("x?x", [(2, "begins", 1)]),
        ("xxx....xxx", [(2, "begins", 1), (6, "ends", 1), (9, "begins", 2)]),
    ],
)
def test_what_is_told(looks: str, told: list[tuple[int, Told, int]]) -> None:
    """Each row is a history and its near misses."""
    assert walk(looks) == told


def test_without_patience() -> None:
    """What was patient before it came here is told at once, both ways; `since` is when it began, not when it was seen."""
    assert walk("x.x", Patience()) == [(0, "begins", 1), (1, "ends", 1), (2, "begins", 2)]
    state, _ = step(Episode(), wrong=True, since_ns=START - MINUTE, now_ns=START, patience=Patience())
    assert state == Episode("bad", START - MINUTE, 1)
    state, _ = step(Episode(), wrong=True, since_ns=START + MINUTE, now_ns=START, patience=Patience())
    assert state.since_ns == START


@given(st.text("x.?", max_size=60), st.integers(0, 4), st.integers(0, 4))
def test_begins_and_ends_alternate(looks: str, opens: int, closes: int) -> None:
    """Whatever is seen: numbers rise by one, an end follows its beginning, and looking again at once tells nothing."""
    told = walk(looks, Patience(opens * MINUTE, closes * MINUTE))
    assert [what for _, what, _ in told] == ["begins", "ends"] * (len(told) // 2) + ["begins"] * (len(told) % 2)
    assert [number for _, _, number in told] == [at // 2 + 1 for at in range(len(told))]


def test_what_goes_on() -> None:
    """Easing is not over yet."""
    assert [Episode(state).told for state in ("well", "doubt", "bad", "easing")] == [False, False, True, True]
