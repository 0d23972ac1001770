"""One device at one place: every pair of the two tables, each rule with a near miss, and the same again tells nothing."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.collector import runs as collector
from server.watcher.devices import (
    DISPOSITION,
    PRESENCE,
    RETIRE_NS,
    SILENT_NS,
    Act,
    Approval,
    Change,
    Kind,
    Priority,
    Standing,
    Told,
    decide,
    join,
    priority,
)
from server.watcher.turns import Path, Run, turns
from wire.vocabulary import Disposition, Presence, Verdict

MINUTE = 60 * 10**9
T = 10**18
PRESENCES: tuple[Presence, ...] = ("candidate", "present", "absent", "retired")
NEXT: dict[tuple[Presence, Change], tuple[Presence, Kind | None]] = {
    ("candidate", "confirmed"): ("present", "appeared"),
    ("candidate", "expired"): ("retired", None),
    ("present", "cleared"): ("absent", "left"),
    ("absent", "confirmed"): ("present", "returned"),
    ("absent", "expired"): ("retired", "retired"),
    ("retired", "confirmed"): ("present", "appeared"),
    ("retired", "hinted"): ("candidate", None),
}


class Story:
    """Runs of several agents at one place, minute by minute."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def run(
        self,
        agent: str,
        minute: int,
        verdict: Verdict,
        rounds: int = 2,
        *,
        heard: int | None = None,
        deterministic: bool = True,
        clean_before: int = 2,
    ) -> "Story":
        """Add a run that began at a minute and was last heard at another; only `inspected` carries the device."""
        ours = verdict == "inspected"
        ends = minute + rounds if heard is None else heard
        facts = (verdict, ours, T + minute * MINUTE, T + ends * MINUTE, rounds, deterministic)
        self.runs.append(Run(len(self.runs) + 1, Path(agent, "x:443", "direct"), *facts, clean_before=clean_before if ours else 0))
        return self

    def decide(self, before: Standing | None = None, agents: int = 1, now: int = 0) -> tuple[Standing | None, list[Told]]:
        """Return the decision at a minute; the same call with its own result must tell nothing."""
        said, now_ns = turns(self.runs), T + now * MINUTE
        after, told = decide(before, said, agents, now_ns)
        assert decide(after, said, agents, now_ns) == (after, [])
        return after, told


def kinds(told: list[Told]) -> list[tuple[Kind, int]]:
    """Return (kind, minute) of each."""
    return [(one.kind, (one.at_ns - T) // MINUTE) for one in told]


@pytest.mark.parametrize(("state", "change"), list(product(PRESENCES, ("confirmed", "hinted", "cleared", "expired"))))
def test_presence_has_these_transitions_and_no_other(state: Presence, change: Change) -> None:
    """The table is exactly the design's, written out a second time."""
    assert PRESENCE[state].get(change) == NEXT.get((state, change))


@pytest.mark.parametrize(
    ("state", "act", "after"),
    [
        ("undecided", "acknowledge", "known"),
        ("undecided", "approve", "approved"),
        ("undecided", "withdraw", None),
        ("undecided", "lapse", None),
        ("known", "acknowledge", None),
        ("known", "approve", "approved"),
        ("known", "withdraw", "undecided"),
        ("known", "lapse", None),
        ("approved", "acknowledge", "known"),
        ("approved", "approve", None),
        ("approved", "withdraw", "undecided"),
        ("approved", "lapse", "undecided"),
    ],
)
def test_disposition_has_these_transitions_and_no_other(state: Disposition, act: Act, after: Disposition | None) -> None:
    """What people can decide, from each state."""
    assert DISPOSITION[state].get(act) == after


@pytest.mark.parametrize(("rounds", "kind"), [(0, "discovered"), (1, "discovered"), (2, "appeared")])
def test_an_appearance_needs_two_clean_rounds_before(rounds: int, kind: Kind) -> None:
    """Without them the device was there when watching began."""
    after, told = Story().run("a", 5, "inspected", clean_before=rounds).decide(now=8)
    assert kinds(told) == [(kind, 5)]
    assert after == Standing("present", 1, T + 5 * MINUTE, T + 7 * MINUTE)


def test_one_round_is_a_candidate() -> None:
    """Nothing is told before the second round; then it is, at the time of the first."""
    after, told = Story().run("a", 5, "inspected", rounds=1).decide(now=6)
    assert (after and after.state, told) == ("candidate", [])
    assert kinds(Story().run("a", 5, "inspected", rounds=2).decide(after, now=7)[1]) == [("appeared", 5)]


def test_a_candidate_of_long_ago_is_confirmed_by_a_backlog() -> None:
    """Two rounds that arrive one by one and five hours late tell the same as in time."""
    after, _ = Story().run("a", 5, "inspected", rounds=1).decide(now=300)
    assert kinds(Story().run("a", 5, "inspected", rounds=2).decide(after, now=301)[1]) == [("appeared", 5)]


def test_a_path_without_a_sighting_makes_no_presence() -> None:
    """Clean, sanctioned and doubtful runs leave no row."""
    assert Story().run("a", 1, "clean").run("a", 5, "inconclusive").decide(now=9) == (None, [])


def test_it_leaves_when_all_that_saw_it_are_clear() -> None:
    """The last path's first clean round is when it left; until then it is there."""
    story = Story().run("a", 5, "inspected").run("b", 6, "inspected").run("a", 20, "clean")
    after, told = story.run("b", 21, "clean", rounds=1).decide(agents=2, now=22)
    assert (after and after.state, kinds(told)) == ("present", [("appeared", 5)])
    story.runs[-1] = Run(4, Path("b", "x:443", "direct"), "clean", False, T + 21 * MINUTE, T + 23 * MINUTE, 2)  # noqa: FBT003 - a row
    assert kinds(story.decide(after, agents=2, now=24)[1]) == [("left", 21)]


def test_a_single_sighting_elsewhere_holds_it() -> None:
    """One unconfirmed round on another path, begun before, keeps it from leaving."""
    story = Story().run("a", 5, "inspected").run("b", 10, "inspected", rounds=1).run("a", 20, "clean")
    assert kinds(story.decide(agents=2, now=25)[1]) == [("appeared", 5)]


@pytest.mark.parametrize(("silent", "last"), [(SILENT_NS // MINUTE, "appeared"), (SILENT_NS // MINUTE + 1, "left")])
def test_a_silent_path_does_not_hold_it(silent: int, last: Kind) -> None:
    """A path not heard for an hour is left out; within the hour it counts."""
    story = Story().run("a", 5, "inspected", heard=100).run("b", 5, "inspected", heard=7).run("a", 7, "clean", heard=200)
    assert kinds(story.decide(agents=2, now=7 + silent)[1])[-1][0] == last


@pytest.mark.parametrize(("heard", "last"), [(68, "appeared"), (69, "left")])
def test_a_clock_that_is_ahead_silences_nobody(heard: int, last: Kind) -> None:
    """However late the watcher's clock says it is, a path is silent only when another was heard an hour after it."""
    story = Story().run("a", 5, "inspected", heard=6).run("b", 5, "inspected", heard=8).run("a", 7, "clean", heard=heard)
    for now in (69, 130, 10_000):
        assert kinds(story.decide(agents=2, now=now)[1])[-1][0] == last


def test_silence_alone_is_no_leaving() -> None:
    """When all that saw it are silent there is no evidence, so it stays."""
    after, told = Story().run("a", 5, "inspected").decide(now=10_000)
    assert (after and after.state, kinds(told)) == ("present", [("appeared", 5)])


def test_a_silent_path_that_speaks_again_brings_it_back() -> None:
    """Left by silence of one that saw it, dated to when it was seen last; the same run goes on later: returned."""
    story = Story().run("a", 5, "inspected", heard=6).run("b", 5, "inspected", heard=7).run("a", 7, "clean", heard=300)
    after, told = story.decide(agents=2, now=100)
    assert kinds(told)[-1] == ("left", 7)
    assert after is not None
    assert after.since_ns == T + 67 * MINUTE + 1
    story.runs[1] = Run(2, Path("b", "x:443", "direct"), "inspected", True, T + 5 * MINUTE, T + 300 * MINUTE, 3, deterministic=True)  # noqa: FBT003 - a row
    assert [one.kind for one in story.decide(after, agents=2, now=301)[1]] == ["returned"]


def test_each_return_is_an_episode() -> None:
    """Coming and going is told each time, numbered; order and kinds are the same when decided at once or piece by piece."""
    story = Story()
    after: Standing | None = None
    piecewise: list[Told] = []
    for minute in range(0, 60, 10):
        story.run("a", minute, "inspected" if minute % 20 == 0 else "clean", heard=minute + 9)
        after, told = story.decide(after, now=minute + 9)
        piecewise += told
    assert [(one.kind, one.episode) for one in piecewise] == [
        ("appeared", 1),
        ("left", 1),
        ("returned", 2),
        ("left", 2),
        ("returned", 3),
        ("left", 3),
    ]
    assert story.decide(now=59) == (after, piecewise)


@pytest.mark.parametrize(("absent_ns", "kind"), [(RETIRE_NS, "returned"), (RETIRE_NS + 1, "appeared")])
def test_it_returns_within_ninety_days_only(absent_ns: int, kind: Kind) -> None:
    """After more than 90 days it is new again, whether or not anybody looked in between; that it retired is recorded then at the latest."""
    before = Standing("absent", 3, T - absent_ns, T - absent_ns)
    after, told = Story().run("a", 0, "inspected").decide(before, now=3)
    assert kinds(told)[-1] == (kind, 0)
    assert [one.kind for one in told[:-1]] == (["retired"] if kind == "appeared" else [])
    assert after is not None
    assert after.episode == 4


@pytest.mark.parametrize(
    ("state", "after", "kinds_told"), [("absent", "retired", ["retired"]), ("candidate", "retired", []), ("present", "present", [])]
)
def test_time_alone_retires(state: Presence, after: Presence, kinds_told: list[str]) -> None:
    """What is absent, or never was confirmed, retires after 90 days, on the minute; only the former was told of. What is present stays."""
    found, told = decide(Standing(state, 1, T, T), [], 1, T + RETIRE_NS + 5 * MINUTE)
    assert (found and found.state, [one.kind for one in told]) == (after, kinds_told)
    assert [one.at_ns for one in told] == [T + RETIRE_NS] * len(told)
    assert decide(Standing(state, 1, T, T), [], 1, T + RETIRE_NS)[0] == Standing(state, 1, T, T)


@pytest.mark.parametrize(("heard", "state"), [(9, "retired"), (11, "present")])
def test_only_news_brings_it_back(heard: int, state: Presence) -> None:
    """What had been seen when it was retired does not count again; what is seen after it does."""
    before = Standing("retired", 1, T + 10 * MINUTE, T)
    after, told = Story().run("a", 0, "inspected", heard=heard).decide(before, now=12)
    assert (after and after.state, [one.kind for one in told]) == (state, ["appeared"] if state == "present" else [])


@pytest.mark.parametrize(
    ("ready", "deterministic", "kind"), [(False, False, "discovered"), (True, False, "appeared"), (False, True, "appeared")]
)
def test_statistical_evidence_waits_for_a_baseline(*, ready: bool, deterministic: bool, kind: Kind) -> None:
    """While a place is being learned only deterministic evidence makes news; the rest is a discovery."""
    story = Story().run("a", 5, "inspected", rounds=3, deterministic=deterministic)
    story.runs = [replace(run, ready=ready) for run in story.runs]
    assert kinds(story.decide(now=9)[1]) == [(kind, 5)]


@pytest.mark.parametrize(("voices", "agents", "state"), [(1, 4, "candidate"), (1, 3, "present"), (2, 100, "present"), (1, 1, "present")])
def test_statistical_evidence_needs_two_agents_or_a_third(voices: int, agents: int, state: Presence) -> None:
    """A site event from statistics needs two agents or 30 % of them; deterministic evidence needs one."""
    story = Story()
    for voice in range(voices):
        story.run(f"agent-{voice}", 5, "inspected", rounds=3, deterministic=False)
    after, _ = story.decide(agents=agents, now=9)
    assert after is not None
    assert after.state == state
    after, _ = Story().run("a", 5, "inspected").decide(agents=agents, now=9)
    assert after is not None
    assert after.state == "present"


def test_a_sighting_from_before_it_left_arrives_late() -> None:
    """It left by all that was known; a path that saw it before then, and still does, brings it back once."""
    story = Story().run("a", 5, "inspected").run("a", 20, "clean")
    after, _ = story.decide(now=23)
    after, told = story.run("b", 10, "inspected", heard=25).decide(after, agents=2, now=26)
    assert kinds(told) == [("returned", 20)]


def test_an_agent_whose_clock_is_ahead_is_decided_too() -> None:
    """Turns after `now` count at their own time."""
    assert kinds(Story().run("a", 500, "inspected").decide(now=3)[1]) == [("appeared", 500)]


@pytest.mark.parametrize(
    ("approval", "kind", "expected"),
    [
        (Approval(), "appeared", "P2"),
        (Approval(), "discovered", "P4"),
        (Approval(), "left", "P4"),
        (Approval("known"), "appeared", "P4"),
        (Approval("approved"), "appeared", "none"),
        (Approval("approved", until_ns=T + 1), "appeared", "none"),
        (Approval("approved", until_ns=T), "appeared", "P2"),
        (Approval("approved", categories=frozenset({"Optimize", "Default"})), "appeared", "none"),
        (Approval("approved", categories=frozenset({"Default"})), "appeared", "P2"),
    ],
)
def test_how_loudly(approval: Approval, kind: Kind, expected: Priority) -> None:
    """Known is quiet, approved is silent within its time and categories, and loud again outside them."""
    assert priority(kind, approval, T, {"Optimize"}) == expected


def test_two_presences_become_one() -> None:
    """The stronger state wins, and its episode is one that neither has told."""
    older, younger = Standing("absent", 2, 10, 20), Standing("present", 1, 30, 40)
    assert join(older, younger) == Standing("present", 3, 30, 40)
    assert join(younger, older) == Standing("present", 3, 30, 40)


Heard = Literal["clean", "device", "doubt"]
WORDS: dict[Heard, str] = {"clean": "clean", "device": "inspected", "doubt": "inconclusive"}


def stored(story: Sequence[Sequence[Heard]], *, deterministic: bool) -> list[list[Run]]:
    """Return, after each minute, what the collector's own rules have stored by then. Two agents take turns; two hosts each."""
    known = {agent: collector.AgentRuns([]) for agent in "ab"}
    numbers: dict[tuple[str, int], int] = {}
    views: list[list[Run]] = []
    for minute, found in enumerate(story):
        agent, at_ns = "ab"[minute % 2], T + minute * MINUTE
        for host, heard in zip("xy", found, strict=True):
            key = "instance:1" if heard == "device" else ""
            seen = collector.Run(collector.Path("p", host, "direct"), WORDS[heard], key, at_ns, at_ns, 1, current=True)
            known[agent].see(seen, at_ns - 2 * MINUTE, is_late=False)
        changes = [(agent, change.run) for agent in "ab" for change in known[agent].changed.values()]
        view = [as_run(numbers.setdefault((agent, run.id), len(numbers) + 1), agent, run) for agent, run in changes]
        views.append([replace(run, deterministic=deterministic, clean_before=clean_before(run, view)) for run in view])
    return views


def as_run(number: int, agent: str, run: collector.Run) -> Run:
    """Return a stored run as the device sees it."""
    verdict: Verdict = run.verdict  # type: ignore[assignment]
    return Run(number, Path(agent, run.path.target, "direct"), verdict, run.device_key != "", run.first_ns, run.last_ns, run.rounds)


def clean_before(run: Run, view: Sequence[Run]) -> int:
    """Return the clean rounds on the run's path before it."""
    return sum(one.rounds for one in view if one.path == run.path and one.verdict == "clean" and one.first_ns < run.first_ns)


@settings(max_examples=300, deadline=None)
@given(
    story=st.lists(st.tuples(*[st.sampled_from(["clean", "device", "doubt"])] * 2), min_size=1, max_size=40),
    looks=st.sets(st.integers(0, 39)),
    deterministic=st.booleans(),
)
def test_it_does_not_matter_when_anybody_looks(story: list[tuple[Heard, Heard]], looks: set[int], *, deterministic: bool) -> None:
    """Decided after every report, or now and then, or once at the end: the same events, at the same times, in the same order."""
    told: dict[str, list[Told]] = {"every": [], "some": []}
    before: dict[str, Standing | None] = {"every": None, "some": None}
    for minute, view in enumerate(stored(story, deterministic=deterministic)):
        due = ["every", "some"] if minute in looks or minute == len(story) - 1 else ["every"]
        for who in due:
            before[who], fresh = decide(before[who], turns(view), 2, T + minute * MINUTE)
            told[who] += fresh
    assert [replace(one, runs=()) for one in told["every"]] == [replace(one, runs=()) for one in told["some"]]
    opened = [one for one in told["every"] if one.kind != "left"]
    assert [one.episode for one in opened] == list(range(1, len(opened) + 1))
