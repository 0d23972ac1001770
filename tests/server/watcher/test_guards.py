"""Guard rails, baselines and damping: each rule with a near miss."""

from dataclasses import replace

import pytest

from server.watcher.devices import Standing
from server.watcher.guards import (
    HOUR_NS,
    LEARN_NS,
    NEVER,
    STRANGER_NS,
    Baseline,
    Condition,
    guarded,
    is_damped,
    is_origins_own,
    is_stranger,
    waiting,
)
from server.watcher.turns import Path, Run

MINUTE = 60 * 10**9
T = 10**18


def sighting(first: int, last: int, agent: str = "a", number: int = 1) -> Run:
    """Return a run of a device from one minute to another."""
    return Run(number, Path(agent, "x:443", "direct"), "inspected", True, T + first * MINUTE, T + last * MINUTE, 2, deterministic=True)  # noqa: FBT003 - a row


def guard(kind: str, first: int, until: int, agent: str = "a") -> Condition:
    """Return a condition from one minute to another; until 0 goes on."""
    return Condition(agent, kind, T + first * MINUTE, T + until * MINUTE if until else 0)


@pytest.mark.parametrize(
    ("conditions", "begins"),
    [
        ([], 10),
        ([guard("clock", 5, 20)], 20),
        ([guard("roots", 5, 20), guard("captive", 18, 30)], 30),
        ([guard("clock", 5, 0)], None),
        ([guard("clock", 5, 50)], None),
        ([guard("clock", 11, 20)], 10),
        ([guard("clock", 0, 10)], 10),
        ([guard("lagging", 5, 20)], 10),
        ([guard("clock", 5, 20, agent="b")], 10),
    ],
)
def test_a_sighting_counts_from_the_end_of_its_guards(conditions: list[Condition], begins: int | None) -> None:
    """While one stands it accuses nobody; one that rose later, is over, is of another kind or agent does not touch it."""
    (found,) = guarded([sighting(10, 40)], conditions)
    assert found.counts_from_ns == (NEVER if begins is None else T + begins * MINUTE)
    assert replace(found, counts_from_ns=0) == sighting(10, 40)


def test_what_is_no_sighting_is_left_alone() -> None:
    """A clean round is clean, whatever the clock."""
    clean = Run(1, Path("a", "x:443", "direct"), "clean", False, T, T, 2)  # noqa: FBT003 - a row
    assert guarded([clean], [guard("clock", 0, 0)]) == [clean]


def test_what_is_held_waits_as_a_candidate() -> None:
    """So that it is looked at again; what stands already, or held nothing, is as it was."""
    run = replace(sighting(10, 40), counts_from_ns=NEVER)
    now_ns = T + 40 * MINUTE
    assert waiting(None, [run], now_ns) == Standing("candidate", 0, run.first_ns, run.last_ns)
    assert waiting(None, [replace(run, counts_from_ns=now_ns)], now_ns) is None
    assert waiting(Standing("absent", 2, T, T), [run], now_ns) == Standing("absent", 2, T, T)
    assert waiting(Standing("retired", 2, T, T), [run], now_ns) == Standing("candidate", 2, run.first_ns, run.last_ns)
    late = Standing("retired", 2, run.last_ns, T)
    assert waiting(late, [run], now_ns) == late


def test_a_stranger_is_held_where_others_find_the_path_clean() -> None:
    """For an hour, after whatever else holds it; where nobody was clean it has nothing to be held for."""
    stranger = replace(sighting(10, 200), stranger=True, clean_before=1)
    assert guarded([stranger], [])[0].counts_from_ns == stranger.first_ns + STRANGER_NS
    assert guarded([stranger], [guard("clock", 5, 90)])[0].counts_from_ns == T + 90 * MINUTE
    assert guarded([replace(stranger, clean_before=0)], [])[0].counts_from_ns == stranger.first_ns


@pytest.mark.parametrize(
    ("age_ns", "observed_ns", "ready"),
    [(LEARN_NS, 20 * MINUTE, True), (LEARN_NS - 1, 20 * MINUTE, False), (LEARN_NS, 18 * MINUTE, False)],
)
def test_a_baseline_needs_a_day_and_twenty_rounds(age_ns: int, observed_ns: int, *, ready: bool) -> None:
    """Either alone is not enough."""
    assert Baseline(T, observed_ns, 1, 60.0).is_ready(T + age_ns) is ready


def test_flips_are_forgotten_by_half_in_an_hour() -> None:
    """Three within moments are told, the fourth is not; hours later it is."""
    assert not is_damped([T, T], T)
    assert is_damped([T, T, T], T)
    assert not is_damped([T, T, T], T + HOUR_NS)
    assert not is_damped([T + 1] * 9, T)


def test_the_same_at_three_sites_within_an_hour_is_the_origins() -> None:
    """Two sites, or a third much later, are not enough."""
    assert is_origins_own(T, {"B": [T + HOUR_NS], "C": [T - HOUR_NS]})
    assert not is_origins_own(T, {"B": [T], "C": [T + HOUR_NS + 1]})


def test_who_is_a_stranger() -> None:
    """Who never was clean at a place, or newly met the device elsewhere after this path was found clean; not who met it there before."""
    assert is_stranger(None, 0)
    assert is_stranger((T, T), T + 1)
    assert is_stranger((T, 0), 1)
    assert not is_stranger((T, T), T - 1)
    assert not is_stranger((T, 0), 0)
