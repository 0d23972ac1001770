"""What one path says: confirmed, hinted, cleared, heard; each rule with a near miss."""

from dataclasses import replace

import pytest

from server.watcher.turns import STATISTICAL_CLEAR_NS, Path, Run, Said, turns
from wire.vocabulary import Verdict

PATH = Path("a", "x:443", "direct")
HOUR = 3600 * 10**9
ROW = tuple[Verdict, bool, int]


def runs(*rows: ROW, deterministic: bool = True, length: int = HOUR) -> list[Run]:
    """Return the runs of one path from (verdict, with the device's key, rounds), each `length` long."""
    made = enumerate(rows)
    return [
        Run(i + 1, PATH, verdict, ours, i * HOUR, i * HOUR + length, rounds, deterministic=deterministic)
        for i, (verdict, ours, rounds) in made
    ]


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ([("inspected", True, 2)], "confirmed"),
        ([("inspected", True, 1)], "hinted"),
        ([("sanctioned", True, 3)], "heard"),
        ([("captive", True, 3)], "heard"),
        ([("inconclusive", True, 3)], "heard"),
        ([("inspected", False, 3)], "heard"),
        ([("clean", False, 3)], "heard"),
        ([("inspected", True, 2), ("clean", False, 2)], "cleared"),
        ([("inspected", True, 1), ("clean", False, 2)], "cleared"),
        ([("inspected", True, 2), ("clean", False, 1)], "heard"),
        ([("inspected", True, 2), ("inspected", False, 2)], "cleared"),
        ([("inspected", True, 2), ("sanctioned", False, 2)], "cleared"),
        ([("inspected", True, 2), ("unreachable", False, 3)], "heard"),
        ([("inspected", True, 2), ("inconclusive", False, 3)], "heard"),
        ([("inspected", True, 2), ("inconclusive", False, 3), ("clean", False, 2)], "cleared"),
    ],
)
def test_deterministic_evidence(rows: list[ROW], last: Said) -> None:
    """Two rounds confirm and two clear; one does neither, and failure, doubt and policy are no evidence."""
    assert turns(runs(*rows))[-1].said == last


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ([("proxied", True, 2)], "hinted"),
        ([("proxied", True, 3)], "confirmed"),
        ([("proxied", True, 2), ("clean", False, 1), ("proxied", True, 2)], "confirmed"),
        ([("proxied", True, 2), ("clean", False, 2), ("proxied", True, 2)], "confirmed"),
        ([("proxied", True, 2), ("clean", False, 3), ("proxied", True, 2)], "hinted"),
        ([("proxied", True, 2), ("clean", False, 2), ("proxied", True, 1)], "hinted"),
        ([("proxied", True, 1), ("clean", False, 1), ("proxied", True, 1), ("clean", False, 1), ("proxied", True, 2)], "confirmed"),
        ([("proxied", True, 1), ("clean", False, 2), ("proxied", True, 1), ("clean", False, 1), ("proxied", True, 2)], "hinted"),
    ],
)
def test_statistical_evidence(rows: list[ROW], last: Said) -> None:
    """Three in a row, or four of the last six rounds; a saturated run between may hide more rounds than six."""
    assert turns(runs(*rows, deterministic=False))[-1].said == last


@pytest.mark.parametrize(
    ("rounds", "length", "last"),
    [(3, STATISTICAL_CLEAR_NS, "cleared"), (3, STATISTICAL_CLEAR_NS - 1, "heard"), (2, STATISTICAL_CLEAR_NS, "heard")],
)
def test_statistical_evidence_leaves_later_than_it_came(rounds: int, length: int, last: Said) -> None:
    """Three rounds without it and half an hour; either alone is not enough."""
    rows: list[ROW] = [("proxied", True, 3), ("clean", False, rounds)]
    assert turns(runs(*rows, deterministic=False, length=length))[-1].said == last


@pytest.mark.parametrize(
    ("ours", "deterministic", "told"),
    [
        (True, True, [("hinted", 10), ("confirmed", 20)]),
        (True, False, [("hinted", 10), ("confirmed", 30)]),
        (False, True, [("heard", 10), ("cleared", 20)]),
        (False, False, [("heard", 10), ("cleared", 10 + STATISTICAL_CLEAR_NS)]),
    ],
)
def test_a_round_speaks_when_it_was_measured(*, ours: bool, deterministic: bool, told: list[tuple[Said, int]]) -> None:
    """A run of three rounds hints with the first and is believed with the one that is enough, though all three are read at once."""
    before = Run(1, PATH, "inspected", True, 0, 5, 3, deterministic=deterministic)  # noqa: FBT003 - a row
    run = Run(2, PATH, "inspected" if ours else "clean", ours, 10, HOUR, 3, deterministic=deterministic, second_ns=20, third_ns=30)
    said = [(turn.said, turn.at_ns) for turn in turns([run] if ours else [before, run]) if turn.run is run]
    assert said == told


def test_four_of_six_are_reached_by_the_round_that_makes_it_four() -> None:
    """Two earlier ones and the second round of this run."""
    early = Run(1, PATH, "proxied", True, 0, 5, 2)  # noqa: FBT003 - a row
    run = Run(2, PATH, "proxied", True, 10, 40, 3, second_ns=20, third_ns=30)  # noqa: FBT003 - a row
    between = Run(3, PATH, "clean", False, 6, 7, 1)  # noqa: FBT003 - a row
    found = turns([early, replace(between, id=2), replace(run, id=3)])
    assert [(turn.said, turn.at_ns) for turn in found if turn.run.id == 3] == [("hinted", 10), ("confirmed", 20)]


def test_what_a_guard_held_back_is_no_round_of_the_four() -> None:
    """The same rounds, the first two under a guard that never ended for them."""
    early = Run(1, PATH, "proxied", True, 0, 5, 2, counts_from_ns=HOUR)  # noqa: FBT003 - a row
    between = Run(2, PATH, "clean", False, 6, 7, 1)  # noqa: FBT003 - a row
    run = Run(3, PATH, "proxied", True, 10, 40, 2, second_ns=20)  # noqa: FBT003 - a row
    assert turns([early, between, run])[-1].said == "hinted"


def test_a_run_that_came_late_says_nothing() -> None:
    """A run stored after a newer one of its path (a higher id, an earlier time) is history; on another path it is news."""
    newer = Run(1, PATH, "clean", False, 2 * HOUR, 3 * HOUR, 3)  # noqa: FBT003 - a row
    late = Run(2, PATH, "inspected", True, HOUR, HOUR, 2, deterministic=True)  # noqa: FBT003 - a row
    elsewhere = Run(3, PATH._replace(agent="b"), "inspected", True, HOUR, HOUR, 2, deterministic=True)  # noqa: FBT003 - a row
    assert [turn.run.id for turn in turns([newer, late])] == [1]
    assert [turn.run.id for turn in turns([newer, elsewhere])] == [3, 1]
