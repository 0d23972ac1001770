"""Wellbeing: each trouble, its near miss, and what nobody can know of a silent agent or for a deaf centre."""

from dataclasses import replace

import pytest

from server.collector.standing import Stretch
from server.watcher.states import AgentState
from server.watcher.wellbeing import Wellbeing, is_shared, patience, silence_ns, version_key, wellbeing
from tests.fakes.sightings import HOUR, MINUTE, START

AGENT = AgentState("a", "Porto", "reporting", START, 60.0, lab=False, software="1.2.0")
OTHER = AgentState("b", "Porto", "reporting", START, 60.0, lab=False, software="1.2")


def look(
    agent: AgentState = AGENT, *stretches: str, plan: int = 3, wanted: int = 3, other: AgentState = OTHER, listening: int = HOUR
) -> Wellbeing:
    """Return how the first agent is."""
    going_on = [Stretch("a", kind, START - MINUTE, 0, "proof") for kind in stretches]
    return wellbeing([agent, other], going_on, {"a": plan}, {"a": wanted}, START - listening, START)[0]


@pytest.mark.parametrize(
    ("seen", "troubles"),
    [
        (look(), ()),
        (look(AGENT, "clock"), ("clock off",)),
        (look(AGENT, "roots"), ()),  # news, not trouble
        (look(AGENT, "dropping", "lagging"), ("lagging", "dropping reports")),
        (look(replace(AGENT, state="late")), ()),  # asleep, perhaps: that reports wait at it is its own word
        (look(replace(AGENT, state="silent")), ("silent",)),
        (look(replace(AGENT, state="silent"), "clock", "plan", plan=1), ("silent",)),  # of the rest nothing is known now
        (look(plan=2), ("old plan",)),
        (look(plan=4), ()),
        (look(wanted=0), ()),
        (look(AGENT, "plan"), ("old plan",)),
        (look(replace(AGENT, software="1.1.9")), ("old software",)),
        (look(replace(AGENT, software="1.3")), ()),
        (look(replace(AGENT, software="")), ()),
        (look(replace(AGENT, state="silent"), listening=MINUTE), ()),  # who has just come has heard nobody yet
        (look(replace(AGENT, state="silent"), other=replace(OTHER, state="silent")), ()),  # then it is the centre
    ],
)
def test_what_is_wrong(seen: Wellbeing, troubles: tuple[str, ...]) -> None:
    """In words, worst first."""
    assert seen.troubles == troubles


def test_what_proves_it() -> None:
    """The agent's own words and times where it has some, ours where we compared."""
    seen = look(replace(AGENT, software="1.1"), "clock", plan=1)
    assert seen.detail == {
        "agent-clock": "proof",
        "agent-plan": "follows plan 1, 3 is issued",
        "agent-software": "runs 1.1, the fleet's newest is 1.2",
    }
    assert seen.since_ns["agent-clock"] == START - MINUTE


def test_late_is_neither_silent_nor_heard() -> None:
    """So an agent that misses two reports does not end its own silence, nor begin one."""
    assert look(replace(AGENT, state="late")).wrong["agent-silent"] is None


def test_versions_sort_as_versions() -> None:
    """By number, not by letter; before a release come its candidates; what is none comes first."""
    ordered = ["", "0.9", "0.10.dev1", "0.10a2", "0.10b1", "0.10rc1", "0.10rc2", "0.10", "0.10.post1", "0.10.1", "1.0", "10.0"]
    assert sorted(sorted(ordered), key=version_key) == ordered
    assert version_key("1.0.0") == version_key("v1") == version_key("1.0+local.7")
    assert version_key("nightly") == version_key("")


def test_a_site_is_told_before_its_agents() -> None:
    """A site's silence takes five cadences and five seconds, an agent's three cadences more; the longest cadence keeps the order."""
    for cadence_s in (1, 60, 3600):
        assert patience("agent-silent", cadence_s).opens_ns > (5 * cadence_s + 5) * 1e9
    assert silence_ns(60) == 6 * MINUTE + 5 * 10**9
    assert patience("agent-clock", 60).opens_ns == 0


@pytest.mark.parametrize(
    ("beginning", "fleet", "shared"), [(3, 3, False), (4, 13, True), (4, 14, False), (30, 100, True), (29, 100, False)]
)
def test_what_many_have_at_once(beginning: int, fleet: int, *, shared: bool) -> None:
    """Four at least, and 30 %."""
    assert is_shared(beginning, fleet) is shared
