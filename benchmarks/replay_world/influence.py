"""What changes what agents see: stretches of time in which some findings of some agents are others. Pure.

A report says what the clean path says, with each influence's findings laid over it, the lowest layer first.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise

from benchmarks.replay_world.catalogue import Situation
from benchmarks.replay_world.fleet import Agent, Stay
from benchmarks.replay_world.ways import NOWHERE_ELSE, Exit

NETWORK, SITE, CLIENT, ENDPOINT, ODDITY, OUTAGE, PORTAL = range(7)
"""Layers, lowest first: what a laptop's own scanner mints hides what the site's gateway does, and a portal hides both."""
Always = Callable[[Stay], bool]


def anywhere(_stay: Stay) -> bool:
    """Hold at every place."""
    return True


def at_site(site: str) -> Always:
    """Hold at one site, for whoever is there."""
    return lambda stay: stay.place == site


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """`says` lies over the agent's findings in [start, end) wherever `where` holds; names in `drops` are not probed then."""

    name: str
    layer: int
    start_ns: int
    end_ns: int
    says: Situation
    where: Always = anywhere
    drops: tuple[str, ...] = ()
    alone: bool = False
    """Whether nothing else is said: what does not answer has no timings either."""
    sent: bool = True
    """Whether reports get through meanwhile; else they wait in the agent's spool."""
    root: str = ""
    """An authority in the machine's own store as long as this lasts, and thereafter news for a while."""
    skew_ns: int = 0
    """How far the machine's clock is ahead."""
    leaves: Exit = NOWHERE_ELSE
    """By which way out reports say they leave, where it is another than the place's."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of an agent's life in which every report says the same."""

    start_ns: int
    end_ns: int
    place: str
    kind: str
    says: Situation
    sent: bool
    roots: tuple[str, ...]
    skew_ns: int
    leaves: Exit


class Layers:
    """Lays influences over the clean path; the same ones give the same object."""

    def __init__(self, clean: Situation) -> None:
        self._clean = clean
        self._known: dict[tuple[int, ...], Situation] = {}

    def over(self, active: Sequence[Influence]) -> Situation:
        """Return what a report says under these influences."""
        key = tuple(id(one) for one in active)
        if key not in self._known:
            says = dict(self._clean)
            for one in sorted(active, key=lambda one: one.layer):
                says = dict(one.says) if one.alone else {**says, **one.says}
            dropped = {name for one in active for name in one.drops}
            self._known[key] = _coherent({path: said for path, said in says.items() if path[0] not in dropped})
        return self._known[key]


def _coherent(says: Situation) -> Situation:
    """Return a report's findings without a word that an aspect is in order of which another finding says that it is not."""
    own = {name for name, _ in says}
    return {path: replace(said, fine=tuple(name for name in said.fine if name not in own)) for path, said in says.items()}


def stretches(agent: Agent, influences: Iterable[Influence], layers: Layers) -> list[Stretch]:
    """Return an agent's life as stretches, in order."""
    mine = sorted(influences, key=lambda one: one.start_ns)
    found: list[Stretch] = []
    for stay in agent.stays:
        near = [one for one in mine if one.start_ns < stay.end_ns and one.end_ns > stay.start_ns and one.where(stay)]
        edges = sorted({stay.start_ns, stay.end_ns, *(edge for one in near for edge in (one.start_ns, one.end_ns))})
        for start, end in pairwise(edges):
            if stay.start_ns <= start and end <= stay.end_ns:
                active = [one for one in near if one.start_ns <= start < one.end_ns]
                says = layers.over(active)
                roots = tuple(sorted({one.root for one in active if one.root}))
                sent, skew = all(one.sent for one in active), sum(one.skew_ns for one in active)
                leaves = reduce(lambda below, one: one.leaves.over(below), sorted(active, key=lambda one: one.layer), NOWHERE_ELSE)
                found.append(Stretch(start, end, stay.place, stay.kind, says, sent, roots, skew, leaves))
    return found
