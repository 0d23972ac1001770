"""Runs: what findings do to the stretch of equal verdicts they belong to."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from server.collector.runs import EXTEND_NS, AgentRuns, Change, Path, Run, late, live

PATH = Path("Porto", "outlook.office365.com:443", "direct")
MINUTE = 60 * 10**9


def seen(at_ns: int, verdict: str = "clean", key: str = "") -> Run:
    """Return a finding as a run of one round."""
    return Run(PATH, verdict, key, at_ns, at_ns, 1, current=True)


def stored(first: int, last: int, verdict: str = "clean", key: str = "", rounds: int = 3, *, current: bool = True, number: int = 1) -> Run:
    """Return a run as the state database holds it."""
    return Run(PATH, verdict, key, first, last, rounds, current, id=number)


def test_first_finding_opens_a_run_and_is_told() -> None:
    """A path not seen before opens a run."""
    assert live(None, seen(5), 0) == [Change(seen(5), tell=True)]


def test_second_and_third_round_are_told_later_ones_not() -> None:
    """Rounds are counted, and told, to three; then the run is silent until ten minutes have passed."""
    two = live(stored(0, 0, rounds=1), seen(MINUTE), 0)
    assert [(change.run.rounds, change.tell) for change in two] == [(2, True)]
    assert live(stored(0, 2 * MINUTE), seen(3 * MINUTE), 2 * MINUTE) == []
    grown = live(stored(0, 0), seen(EXTEND_NS), 0)
    assert [(change.run.last_ns, change.tell) for change in grown] == [(EXTEND_NS, False)]


def test_another_verdict_or_device_ends_the_run_where_it_truly_ended() -> None:
    """The old run's end is the newest time measured before, though it was last written ten minutes ago."""
    changes = live(stored(0, MINUTE), seen(9 * MINUTE, "inspected", "instance:k"), 8 * MINUTE)
    ended, opened = (change.run for change in changes)
    assert (ended.current, ended.last_ns) == (False, 8 * MINUTE)
    assert (opened.current, opened.verdict, opened.rounds) == (True, "inspected", 1)
    other = live(stored(0, MINUTE, "inspected", "instance:k"), seen(2 * MINUTE, "inspected", "instance:other"), MINUTE)
    assert len(other) == 2


def test_late_findings_amend_history_only() -> None:
    """A finding from the past extends a neighbour that agrees, is swallowed by a run around it, or stands alone; it never tells."""
    now = stored(100, 200)
    assert late([now], seen(150)) == []
    assert [change.run.first_ns for change in late([now], seen(90))] == [90]
    alone = late([now], seen(150, "inspected", "k"))
    assert [(change.run.current, change.run.id, change.tell) for change in alone] == [(False, 0, False)]
    past = stored(10, 20, "inspected", "k", current=False, number=2)
    assert [(change.run.id, change.run.last_ns) for change in late([past, now], seen(30, "inspected", "k"))] == [(2, 30)]


def test_a_run_knows_when_its_first_three_rounds_were() -> None:
    """Live or late, in whatever order they come; of runs from before that was written down nothing is made up."""
    one, two = (live(before, seen(at), 0)[0].run for before, at in ((None, 5), (stored(5, 5, rounds=1), 9)))
    assert (one.second_ns, one.third_ns) == (0, 0)
    assert (two.first_ns, two.second_ns, two.third_ns) == (5, 9, 0)
    three = live(two, seen(12), 9)[0].run
    assert (three.first_ns, three.second_ns, three.third_ns, three.rounds, three.last_ns) == (5, 9, 12, 3, 12)
    earlier = late([three], seen(2))[0].run
    assert (earlier.first_ns, earlier.second_ns, earlier.third_ns, earlier.rounds, earlier.last_ns) == (2, 5, 9, 3, 12)
    assert late([replace(three, current=False)], seen(40))[0].run == replace(three, current=False, last_ns=40)
    before = late([stored(100, 200)], seen(90))[0].run
    assert (before.first_ns, before.second_ns, before.third_ns) == (90, 100, 100)


def test_changes_to_one_run_fold_into_one() -> None:
    """Three rounds in one batch are one row with three rounds, told once."""
    runs = AgentRuns([])
    for minute in range(3):
        runs.see(seen(minute * MINUTE), latest_ns=max(0, (minute - 1) * MINUTE), is_late=False)
    assert [(change.run.rounds, change.tell) for change in runs.changed.values()] == [(3, True)]


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from(["clean", "inspected"])), max_size=40))
def test_runs_of_a_path_never_overlap_with_two_currents(findings: list[tuple[int, str]]) -> None:
    """Whatever comes in whatever order, a path has one current run and it is the newest."""
    runs, latest = AgentRuns([]), 0
    for minute, verdict in findings:
        at = minute * MINUTE
        runs.see(seen(at, verdict), latest, is_late=at <= latest)
        latest = max(latest, at)
    current = [change.run for change in runs.changed.values() if change.run.current]
    assert len(current) == (1 if findings else 0)
    assert all(change.run.first_ns <= change.run.last_ns for change in runs.changed.values())


def test_two_things_said_of_one_instant() -> None:
    """A second report of the same nanosecond that says something else (renumbered, judged anew) opens no run: a path's run starts once."""
    assert late([stored(100, 200)], seen(100, "inspected", "k")) == []


@given(st.lists(st.tuples(st.integers(1, 20), st.sampled_from(["clean", "inspected", "unreachable"])), max_size=40))
def test_no_two_runs_of_a_path_start_together(findings: list[tuple[int, str]]) -> None:
    """Whatever comes in whatever order, the unique constraint of the table `run` holds."""
    runs, latest = AgentRuns([]), 0
    for minute, verdict in findings:
        runs.see(seen(minute * MINUTE, verdict), latest, is_late=minute * MINUTE <= latest)
        latest = max(latest, minute * MINUTE)
    starts = [change.run.first_ns for change in runs.changed.values()]
    assert len(starts) == len(set(starts))
