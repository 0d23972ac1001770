"""What is wrong with each agent, and for how long it must be before it is told. Pure: states and words in, verdicts out.

Each kind of trouble is a row of `KINDS`; whether it holds is True, False, or None where nothing is proved: a silent agent is neither well
nor ill in anything but its silence.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final, Literal

from server.collector.standing import Stretch
from server.watcher.episodes import Patience
from server.watcher.states import AgentState, AgentWord

Trouble = Literal["agent-silent", "agent-lagging", "agent-clock", "agent-dropping", "agent-plan", "agent-software"]
MINUTE_NS = 60 * 10**9
PATIENCE: Final[Mapping[Trouble, Patience]] = {
    "agent-silent": Patience(0, 0),  # by its cadence: `patience`
    "agent-lagging": Patience(10 * MINUTE_NS, 10 * MINUTE_NS),  # an agent's longest pause between two sendings is 10 minutes (design §3)
    "agent-clock": Patience(0, 10 * MINUTE_NS),  # one sure look; corrected clocks may swing before they stand
    "agent-dropping": Patience(0, 60 * MINUTE_NS),  # lost is lost; a spool that is full again within the hour is the same trouble
    "agent-plan": Patience(60 * MINUTE_NS, 0),  # plans are retained messages: an hour is sixty cycles of reading it
    "agent-software": Patience(7 * 24 * 60 * MINUTE_NS, 0),  # a roll-out goes in waves; a week is ours
}
WORDS: Final[Mapping[Trouble, str]] = {
    "agent-silent": "silent",
    "agent-lagging": "lagging",
    "agent-clock": "clock off",
    "agent-dropping": "dropping reports",
    "agent-plan": "old plan",
    "agent-software": "old software",
}
_CONDITION: Final[Mapping[Trouble, str]] = {
    "agent-lagging": "lagging",
    "agent-clock": "clock",
    "agent-dropping": "dropping",
    "agent-plan": "plan",
}
_NOTHING_SAID: Final[Mapping[str, Stretch]] = {}
_NO_DETAIL: Final[Mapping[Trouble, str]] = {}
ALONE_CADENCES: Final = 3
SHARED_AGENTS, SHARED_PART = 4, 0.3
"""Trouble that so many and such a part of the fleet begin at one look has one cause: it is recorded with each and told to nobody as
theirs. 30 % is Microsoft's and our own share for a place; four, so that half of a small office is not a fleet."""


@dataclass(frozen=True, slots=True)
class Wellbeing:
    """One agent: what is wrong (True), right (False) or not known (None), with what proves it in words, and what it should follow."""

    agent: str
    site: str
    wrong: Mapping[Trouble, bool | None]
    detail: Mapping[Trouble, str] = field(default_factory=dict)
    since_ns: Mapping[Trouble, int] = field(default_factory=dict)
    cadence_s: float = 60.0

    @property
    def troubles(self) -> tuple[str, ...]:
        """Return what is wrong, in words, worst first."""
        return tuple(WORDS[kind] for kind in WORDS if self.wrong.get(kind))


def wellbeing(
    agents: Sequence[AgentState],
    going_on: Collection[Stretch],
    plans: Mapping[str, int],
    wanted: Mapping[str, int],
    listening_since_ns: int,
    now_ns: int,
) -> list[Wellbeing]:
    """Return how each agent is. `plans`: the version each follows; `wanted`: the newest issued to it.

    Nobody is silent to who has not listened for as long as silence takes; and when nobody at all is heard, it is the centre that hears
    nothing. `listening_since_ns` is when this watcher began.
    """
    stretches: dict[str, dict[str, Stretch]] = {}
    for one in going_on:
        stretches.setdefault(one.agent, {})[one.kind] = one
    deaf = bool(agents) and all(agent.state == "silent" for agent in agents)
    newest = max((agent.software for agent in agents), key=version_key, default="")
    found = []
    for agent in agents:
        patient = now_ns - listening_since_ns < silence_ns(agent.cadence_s)
        unheard = None if deaf or patient else True
        mine = stretches.get(agent.agent, _NOTHING_SAID)
        found.append(_one(agent, mine, _plan_is_old(agent, plans, wanted), newest, unheard))
    return found


@lru_cache(maxsize=256)
def patience(kind: Trouble, cadence_s: float) -> Patience:
    """Return the patience with an agent.

    Its silence is told three cadences after a site's would be: of two alerts for one cause the site's comes first.
    """
    return PATIENCE[kind] if kind != "agent-silent" else Patience(int((5 + ALONE_CADENCES) * cadence_s * 1e9) + 5 * 10**9, 0)


def silence_ns(cadence_s: float) -> int:
    """Return how long an agent that is well may not be heard: as `states` has it, and a minute for its way back to the broker."""
    return int((5 * cadence_s + 5) * 1e9) + MINUTE_NS


def _plan_is_old(agent: AgentState, plans: Mapping[str, int], wanted: Mapping[str, int]) -> str:
    has, newest = plans.get(agent.agent), wanted.get(agent.agent, 0)
    return f"follows plan {has}, {newest} is issued" if has is not None and has < newest else ""


@cache
def _plain(state: AgentWord, named: bool, unheard: bool | None) -> Mapping[Trouble, bool | None]:  # noqa: FBT001 - values, not switches
    """Return what is wrong with an agent of which nothing is said but its state; `named`: its software has a version."""
    other = None if state == "silent" else False
    wrong: dict[Trouble, bool | None] = {"agent-silent": {"silent": unheard, "late": None, "reporting": False}[state]}
    wrong |= dict.fromkeys(_CONDITION, other)
    if state == "late":
        wrong["agent-lagging"] = None  # on its way to silence, as a laptop that sleeps: nothing says that reports wait at it
    return wrong | {"agent-software": other if named else None}


def _one(agent: AgentState, mine: Mapping[str, Stretch], old_plan: str, newest: str, unheard: bool | None) -> Wellbeing:  # noqa: FBT001
    plain = _plain(agent.state, bool(agent.software), unheard)
    since: dict[Trouble, int] = {"agent-silent": agent.latest_ns}
    behind = version_key(agent.software) < version_key(newest)
    if not (mine or old_plan or behind):  # nearly all there are
        return Wellbeing(agent.agent, agent.site, plain, _NO_DETAIL, since, agent.cadence_s)
    silent = agent.state == "silent"
    wrong, detail = dict(plain), dict(_NO_DETAIL)
    for kind, name in _CONDITION.items():
        if (stretch := mine.get(name)) is not None:
            wrong[kind] = None if silent else True
            detail[kind], since[kind] = stretch.detail, stretch.first_ns
    if old_plan and not silent:
        wrong["agent-plan"], detail["agent-plan"] = True, detail.get("agent-plan", old_plan)
    if behind:
        wrong["agent-software"] = None if silent or not agent.software else True
        detail["agent-software"] = f"runs {agent.software or 'an unknown version'}, the fleet's newest is {newest}"
    return Wellbeing(agent.agent, agent.site, wrong, detail, since, agent.cadence_s)


_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(.*)")
_SUFFIX = re.compile(r"\d+|[a-z]+")
_STAGE: Final = {"dev": 0, "a": 1, "b": 2, "rc": 3, "": 4, "post": 5}
"""In the order of PEP 440."""
Version = tuple[tuple[int, ...], int, int]


@lru_cache(maxsize=256)
def version_key(text: str) -> Version:
    """Return a key by which versions sort: release, stage, number of the stage. What is no version is before all.

    Two of Middlewatch's own versions are compared, never a stranger's: epochs do not occur, a local part (`+x`) says nothing.
    """
    found = _VERSION.fullmatch(text.strip().lower().partition("+")[0])
    if found is None:
        return (), 0, 0
    release = [int(one) for one in found[1].split(".")]
    while release and release[-1] == 0:
        release.pop()  # 1.0 and 1 are the same
    parts = _SUFFIX.findall(found[2])
    stage = next((one for one in parts if not one.isdigit()), "")
    number = next((int(one) for one in parts if one.isdigit()), 0)
    return tuple(release), _STAGE.get(stage, 0), number


def is_shared(beginning: int, fleet: int) -> bool:
    """Return whether trouble of so many agents at once is the fleet's and not theirs."""
    return beginning >= SHARED_AGENTS and beginning >= SHARED_PART * fleet
