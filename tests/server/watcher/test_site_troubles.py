"""A site that is down, a site that is silent: who must agree, what is no outage, and how loudly it is told."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.fleet.hours import WORK_WEEK
from server.watcher.site_troubles import Answer, by_place, patience_of, reach_of, silence_of
from server.watcher.states import AgentState
from tests.fakes.sightings import HOUR, MINUTE, START
from wire.vocabulary import Category

HOSTS: dict[str, Category] = {"one:443": "Optimize", "two:443": "Optimize", "allow:443": "Allow", "control:443": "Control"}
WEDNESDAY, SUNDAY = datetime(2026, 11, 18, 10, tzinfo=UTC), datetime(2026, 11, 22, 10, tzinfo=UTC)


def answers(agent: str, one: str, two: str, control: str = "clean", allow: str = "clean", rounds: int = 2) -> list[Answer]:
    """Return an agent's answers of all hosts."""
    said = zip(HOSTS, (one, two, allow, control), strict=True)
    return [Answer("Porto", agent, target, verdict, START - MINUTE, rounds) for target, verdict in said]


DOWN, UP = ("unreachable", "unreachable"), ("clean", "clean")


@pytest.mark.parametrize(
    ("agents", "heard", "down", "agree", "severity"),
    [
        ([UP, UP], 2, False, 0, "P3"),
        ([DOWN], 1, True, 1, "P1"),  # one agent is all of its site
        ([DOWN, UP], 2, True, 1, "P1"),  # half
        ([DOWN, UP, UP], 3, True, 1, "P1"),  # a third
        ([DOWN, UP, UP, UP], 4, None, 1, "P3"),  # a quarter, and one only: its own trouble
        ([DOWN, DOWN, *[UP] * 18], 20, True, 2, "P3"),  # two agree, of twenty
        ([DOWN] * 6 + [UP] * 14, 20, True, 6, "P1"),
        ([("blocked", "blocked")], 1, True, 1, "P1"),
        ([("unreachable", "clean")], 1, True, 1, "P1"),  # half of what it asks
        ([("inconclusive", "inconclusive")], 1, None, 0, "P3"),
        ([("captive", "captive")], 1, None, 0, "P3"),
        ([("inspected", "inspected")], 1, False, 0, "P3"),  # it answers
        ([], 2, None, 0, "P3"),
    ],
)
def test_when_a_site_is_down(agents: list[tuple[str, str]], heard: int, *, down: bool | None, agree: int, severity: str) -> None:
    """Two agents or 30 %; P1 only for a share of the site; nothing is said by those who know nothing."""
    names = [f"agent-{at}" for at in range(heard)]
    said = [one for name, pair in zip(names, agents, strict=False) for one in answers(name, *pair)]
    found = reach_of("Porto", names, said, HOSTS.get)
    assert (found.down, found.agree, found.heard, found.severity) == (down, agree, heard, severity)


@pytest.mark.parametrize(
    "said",
    [
        answers("a", *DOWN, rounds=1),  # one round is a lost packet
        answers("a", *UP, allow="unreachable"),  # an Allow host
        answers("a", *UP, control="unreachable"),
        answers("elsewhere", *DOWN),  # who is not heard has no say
    ],
)
def test_near_misses(said: list[Answer]) -> None:
    """None of these cuts a site off."""
    assert reach_of("Porto", ["a"], said, HOSTS.get).down is not True


def test_one_of_three_hosts_is_that_hosts_trouble() -> None:
    """Less than half of what an agent asks."""
    more: dict[str, Category] = {**HOSTS, "three:443": "Optimize"}
    said = [*answers("a", "unreachable", "clean"), Answer("Porto", "a", "three:443", "clean", START, 3)]
    assert reach_of("Porto", ["a"], said, more.get).down is False


@pytest.mark.parametrize(("control", "alone"), [("clean", True), ("unreachable", False), ("inconclusive", False)])
def test_whether_it_is_the_whole_internet(control: str, *, alone: bool) -> None:
    """By the control target of those who are cut off."""
    found = reach_of("Porto", ["a"], answers("a", *DOWN, control=control), HOSTS.get)
    assert (found.alone, found.hosts, found.since_ns) == (alone, ("one", "two"), START - MINUTE)
    assert reach_of("Porto", ["a"], answers("a", *DOWN)[:2], HOSTS.get).alone is None


def agent(minutes: float, state: str = "silent", name: str = "a") -> AgentState:
    """Return an agent heard of some minutes ago."""
    return AgentState(name, "Porto", state, START - int(minutes * MINUTE), 60.0, lab=False, software="1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agents", "silent", "together", "working", "on_sunday"),
    [
        ([agent(6), agent(7)], True, True, "P2", "P4"),
        ([agent(6), agent(90)], True, False, "P4", "P4"),  # one after another: people go home
        ([agent(6), agent(7), agent(130)], True, True, "P2", "P4"),  # who went home two hours before the rest says nothing of them
        ([agent(6), agent(130)], True, True, "P4", "P4"),  # and the last one that is left is no site
        ([agent(6)], True, True, "P4", "P4"),  # an only laptop is no site
        ([agent(6), agent(1, "reporting")], False, False, "P4", "P4"),
        ([agent(6), agent(4, "late")], None, True, "P2", "P4"),
    ],
)
def test_when_a_site_is_silent(agents: list[AgentState], *, silent: bool | None, together: bool, working: str, on_sunday: str) -> None:
    """Loud only for several agents at once in business hours; without hours, at any time."""
    found = silence_of("Porto", agents, START - HOUR, START, deaf=False)
    assert (found.silent, found.together) == (silent, together)
    assert (found.severity(WORK_WEEK, WEDNESDAY), found.severity(WORK_WEEK, SUNDAY)) == (working, on_sunday)
    assert found.severity(None, SUNDAY) == working


def test_who_hears_nobody_says_nothing() -> None:
    """A watcher that has just begun, and a centre that hears no agent at all."""
    agents = [agent(60), agent(60)]
    assert silence_of("Porto", agents, START - MINUTE, START, deaf=False).silent is None
    assert silence_of("Porto", agents, START - HOUR, START, deaf=True).silent is None


def test_patience_and_places() -> None:
    """One cadence of good reports ends it; answers are told apart by place."""
    assert (patience_of(60).opens_ns, patience_of(60).closes_ns) == (0, MINUTE)
    here = answers("a", *UP)
    there = [replace(one, place="Lyon") for one in here]
    assert by_place([*here, *there]) == {"Porto": here, "Lyon": there}
