"""When a site is down, and when it is silent. Pure: what its agents' newest runs say of Optimize endpoints, and who is heard at all.

Down is what agents say who are heard; silent is that none is. A site nobody hears is neither up nor down any more.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.fleet.hours import BusinessHours
from server.watcher.devices import SITE_AGENTS, SITE_SHARE
from server.watcher.episodes import Patience
from server.watcher.kinds import Severity
from server.watcher.states import AgentState
from server.watcher.wellbeing import silence_ns
from wire.vocabulary import Category

CUT_OFF: Final = frozenset({"unreachable", "blocked"})
ANSWERED: Final = frozenset({"clean", "sanctioned", "proxied", "spliced", "inspected", "altered", "redirected"})
SURE_ROUNDS = 2
CUT_OFF_PART = 0.5
"""An agent is cut off when at least half of its Optimize endpoints do not answer: one host that is down is that host's trouble. Ours."""
TOGETHER_CADENCES = 3.0
"""Agents that fell silent within this many of their cadences fell silent together; people going home take longer. Ours."""
GONE_NS = 2 * 3600 * 10**9
"""Who fell silent two hours before the last has gone home before, and says nothing of what ended the rest. Ours."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One agent's newest word on one target's answer, where it is now (`server/state/overview.py: answers`)."""

    place: str
    agent: str
    target: str
    verdict: str
    first_ns: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a site's Optimize endpoints are reached. `down` is None when nobody can say; `agree` of `heard` agents are cut off.

    `hosts` do not answer, `since_ns` the first of them. `alone`: the control target answers, so it is not the Internet; None: unknown.
    """

    site: str
    down: bool | None
    agree: int = 0
    heard: int = 0
    since_ns: int = 0
    hosts: tuple[str, ...] = ()
    alone: bool | None = None

    @property
    def severity(self) -> Severity:
        """Return P1 when a share of the site agrees; two agents of many are two agents' trouble."""
        return "P1" if self.heard and self.agree >= SITE_SHARE * self.heard else "P3"


def reach_of(site: str, heard: Sequence[str], answers: Iterable[Answer], category: Callable[[str], Category | None]) -> Reach:
    """Return how a site reaches Optimize endpoints, by the agents that are heard there now."""
    by_agent: dict[str, list[Answer]] = {agent: [] for agent in heard}
    controls: list[Answer] = []
    for one in answers:
        if one.agent in by_agent:
            kind = category(one.target)
            if kind == "Optimize":
                by_agent[one.agent].append(one)
            elif kind == "Control":
                controls.append(one)
    said = {agent: mine for agent, mine in by_agent.items() if mine}
    cut = {agent: lost for agent, mine in said.items() if (lost := _lost(mine))}
    if not cut:
        reached = any(one.verdict in ANSWERED for mine in said.values() for one in mine)
        return Reach(site, False if reached else None, 0, len(heard))
    down = len(cut) >= SITE_AGENTS or len(cut) >= SITE_SHARE * len(heard)
    lost = [one for mine in cut.values() for one in mine]
    others = [one.verdict for one in controls if one.agent in cut]
    alone = None if not others else any(verdict in ANSWERED for verdict in others)
    hosts = tuple(sorted({one.target.rpartition(":")[0] for one in lost}))
    return Reach(site, down or None, len(cut), len(heard), min(one.first_ns for one in lost), hosts, alone)


def _lost(mine: Sequence[Answer]) -> list[Answer]:
    """Return what an agent is cut off from; nothing when it is not."""
    lost = [one for one in mine if one.verdict in CUT_OFF and one.rounds >= SURE_ROUNDS]
    return lost if len(lost) >= CUT_OFF_PART * len(mine) else []


@dataclass(frozen=True, slots=True)
class Silence:
    """Whether no agent of a site is heard. `together`: the last `agents` fell silent at once, as behind a link that is cut."""

    site: str
    silent: bool | None
    agents: int
    since_ns: int
    together: bool = False
    cadence_s: float = 60.0

    def severity(self, hours: BusinessHours | None, local: datetime) -> Severity:
        """Return P2 for several agents at once while people work there, P4 for all else: one laptop is no site, an evening no outage.

        Without hours (None) nobody knows when people work, and any time counts.
        """
        at_work = hours is None or hours.holds(local)
        return "P2" if self.together and self.agents >= SITE_AGENTS and at_work else "P4"


def silence_of(site: str, agents: Sequence[AgentState], listening_since_ns: int, now_ns: int, *, deaf: bool) -> Silence:
    """Return whether a site is silent. `deaf`: no agent of the whole fleet is heard, so it is the centre that hears nothing."""
    cadence_s = max(agent.cadence_s for agent in agents)
    newest = max(agent.latest_ns for agent in agents)
    if any(agent.state == "reporting" for agent in agents):
        return Silence(site, silent=False, agents=len(agents), since_ns=newest, cadence_s=cadence_s)
    last = [newest - agent.latest_ns for agent in agents if newest - agent.latest_ns <= GONE_NS]
    together = max(last) <= TOGETHER_CADENCES * cadence_s * 1e9
    waiting = any(agent.state == "late" for agent in agents) or now_ns - listening_since_ns < silence_ns(cadence_s)
    return Silence(site, None if waiting or deaf else True, len(last), newest, together, cadence_s)


def patience_of(cadence_s: float) -> Patience:
    """Return how long a site must be well before it is told: one more cadence; that it is ill was measured twice already."""
    return Patience(0, int(cadence_s * 1e9))


def by_place(answers: Iterable[Answer]) -> Mapping[str, list[Answer]]:
    """Return answers by the place they were given at."""
    found: dict[str, list[Answer]] = {}
    for one in answers:
        found.setdefault(one.place, []).append(one)
    return found
