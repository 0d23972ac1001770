"""A whole month: the fleet, the true devices, the noise, and of each agent from when on each of its reports says what. Seeded; no clock."""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from zlib import crc32

from benchmarks.replay_world.catalogue import situation
from benchmarks.replay_world.fleet import CADENCE, SECOND, Fleet, make_fleet
from benchmarks.replay_world.influence import ENDPOINT, Influence, Layers, Stretch, stretches
from benchmarks.replay_world.noise import Noise, clean_path, make_noise
from benchmarks.replay_world.truths import EVERY, SHORT, Truth, Where

ON_THE_WAY = 5 * SECOND
"""From the start of a cycle until its report is stored: probing takes most of it."""
GROWS = 3
"""Reports after a change that change a run: it opens, and its rounds are counted to three."""
IN_A_HUNDRED = 100
LOST, LATE = range(2)
"""Of a hundred reports one never arrives, and one comes late."""
RESENT = 600 * SECOND
"""An agent sends what has no receipt again, after ten minutes at most (design §3): newer reports have come before it."""
NEVER = 2**63 - 1
_START = attrgetter("start_ns")
SETTLES = 3
"""Reports more until changed roots of the machine are no news any more: that is written by a report, too."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a world is."""

    sites: int
    days: int
    devices: Sequence[Callable[[Where], Truth]]


LONG = Size(200, 30, EVERY)
BRIEF = Size(20, 3, SHORT)


@dataclass(frozen=True, slots=True)
class Sent:
    """One report that changes a run, or ends a time of silence: stored at `at_ns`, measured from `measured_ns` on by the true clock."""

    at_ns: int
    measured_ns: int
    agent: int
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class World:
    """`lives[n]` is what agent n of the fleet says, in order."""

    seed: int
    fleet: Fleet
    truths: tuple[Truth, ...]
    noise: Noise
    lives: tuple[tuple[Stretch, ...], ...]

    def heard(self, number: int, at_ns: int) -> tuple[int, Stretch] | None:
        """Return when an agent's newest report that has arrived was measured, and what it said; None when none has."""
        agent, life = self.fleet.agents[number], self.lives[number]
        for index in range(bisect_right(life, at_ns, key=_START) - 1, -1, -1):
            stretch = life[index]
            if not stretch.sent:
                continue
            newest = min(agent.last_report(at_ns - ON_THE_WAY), agent.last_report(stretch.end_ns - 1))
            while newest >= stretch.start_ns and self.astray(number, newest):
                newest -= CADENCE
            if newest >= stretch.start_ns:
                return newest, stretch
        return None

    def holds_until(self, number: int, at_ns: int) -> int:
        """Return when an agent may be heard next: until then `heard` gives what it gives now."""
        agent, life = self.fleet.agents[number], self.lives[number]
        begun = bisect_right(life, at_ns, key=_START)
        following = life[begun].start_ns if begun < len(life) else NEVER
        newest = next((life[index] for index in range(begun - 1, -1, -1) if life[index].sent), None)
        due = agent.last_report(at_ns - ON_THE_WAY)
        if newest is not None and due < agent.last_report(newest.end_ns - 1):
            return min(following, due + CADENCE + ON_THE_WAY)
        return following

    def astray(self, number: int, measured_ns: int) -> bool:
        """Return whether a report does not arrive when it should."""
        return self._fate(number, measured_ns) in (LOST, LATE)

    def _fate(self, number: int, measured_ns: int) -> int:
        return crc32(b"%d %d %d" % (self.seed, number, measured_ns)) % IN_A_HUNDRED

    def sent(self) -> list[Sent]:
        """Return all reports that matter, in the order they are stored."""
        found = [one for number in range(len(self.lives)) for one in self._of(number)]
        return sorted(found, key=lambda one: (one.at_ns, one.agent, one.measured_ns))

    def _of(self, number: int) -> Iterator[Sent]:
        agent, waiting = self.fleet.agents[number], []
        roots: tuple[str, ...] = ()
        for stretch in self.lives[number]:
            times = range(agent.first_report(stretch.start_ns), stretch.end_ns, CADENCE)
            if not stretch.sent and times:
                kept = [*times[:GROWS], times[-1]] if len(times) > GROWS else times
                waiting += [(at, stretch) for at in kept]
            if not stretch.sent:
                continue
            matter = GROWS if stretch.roots == roots else GROWS + SETTLES
            there = list(islice((at for at in times if not self.astray(number, at)), matter))
            if not there:
                continue
            roots = stretch.roots
            yield from (Sent(at + ON_THE_WAY, at, number, stretch) for at in there)
            overtaken = (at for at in range(times[0], there[-1], CADENCE) if self._fate(number, at) == LATE)
            yield from (Sent(at + ON_THE_WAY + RESENT, at, number, stretch) for at in overtaken)
            # the newest first, then what waited in the agent's spool, oldest first (design §3)
            yield from (Sent(there[0] + 2 * ON_THE_WAY, at, number, spooled) for at, spooled in waiting)
            waiting = []


def make_world(seed: int, size: Size) -> World:
    """Return the month of a seed."""
    rng = random.Random(seed)
    fleet = make_fleet(rng, size.sites, size.days)
    names = [site.name for site in fleet.sites]
    rng.shuffle(names)
    where = Where(rng, fleet, names)
    truths = tuple(make(where) for make in size.devices)
    own = {agent.name for truth in truths for agents, influence in truth.plan if influence.layer == ENDPOINT for agent in agents}
    noise = make_noise(rng, fleet, where.free, own)
    mine: dict[str, list[Influence]] = {agent.name: [] for agent in fleet.agents}
    for agents, influence in [pair for truth in truths for pair in truth.plan] + noise.plan:
        for agent in agents:
            mine[agent.name].append(influence)
    layers = Layers(situation(clean_path()))
    return World(seed, fleet, truths, noise, tuple(tuple(stretches(agent, mine[agent.name], layers)) for agent in fleet.agents))
