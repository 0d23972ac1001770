"""What one path says about one device: stored runs in, turns out. Pure: no clock, no state, no database.

A run's `rounds` stops at 3 (`server/collector/runs.py`), so nothing here can count further; where the design asks for "4 of 6"
the rule says what three, and interrupted runs, can prove.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from wire.vocabulary import Category, Verdict

Said = Literal["confirmed", "hinted", "cleared", "heard"]
"""`confirmed`: the device is there. `hinted`: seen, not often enough. `cleared`: seen without it often enough. `heard`: neither."""

SIGHTINGS: frozenset[Verdict] = frozenset({"proxied", "spliced", "inspected", "altered", "redirected", "blocked"})
"""Verdicts under which a device key is a sighting. `sanctioned` is expected by policy, `captive` a guard rail, the rest is not evidence."""
CONCLUSIVE: frozenset[Verdict] = SIGHTINGS | {"clean", "sanctioned"}
"""Verdicts that, without the device's key, speak against it. Silence, failure and doubt never do: resolve on positive evidence only."""

DETERMINISTIC_ROUNDS = 2
SATURATED = 3
K, N = 4, 6
"""Statistical evidence: 4 rounds of 6 (facts, interception §5.2), or three in a row, which is what one run can prove. Three in a row
is rarer by chance than four of six (p^3 < 15 p^4) wherever a round misleads more often than once in fifteen."""
STATISTICAL_CLEAR_NS = 30 * 60 * 10**9
"""Hysteresis for statistical evidence: three rounds without the device and half an hour, three times the precision of `last_ns`."""


class Path(NamedTuple):
    """One agent's way to one target. `place` is said only of what travels with its agent; else all paths are of one place."""

    agent: str
    target: str
    route: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A stored run, as one device sees it: `ours` says whether it carries one of the device's keys.

    `clean_before`: clean rounds at the same place, target and route before `first_ns`, by any agent; only needed where `ours`.
    `ready`: whether the baseline there had formed by then (`guards.py`). `stranger`: its agent is new there, or brought the device
    along. `keyed`: whether it carries the key of any device at all. `counts_from_ns`: from when on it may open a presence (`guards.py`);
    what is present already it keeps there from its beginning. `second_ns`, `third_ns`: when those rounds were, 0 where nobody wrote it.
    """

    id: int
    path: Path
    verdict: Verdict
    ours: bool
    first_ns: int
    last_ns: int
    rounds: int
    deterministic: bool = False
    category: Category = "Default"
    clean_before: int = 0
    ready: bool = True
    keyed: bool = True
    stranger: bool = False
    counts_from_ns: int = 0
    second_ns: int = 0
    third_ns: int = 0

    def round_ns(self, number: int) -> int:
        """Return when a round was measured that is counted, from 1 on."""
        return (self.first_ns, self.second_ns or self.first_ns, self.third_ns or self.first_ns)[number - 1]

    @property
    def speaks_against(self) -> bool:
        """Return whether it was seen without the device. What is blocked by nobody in particular may be blocked by this very device."""
        return not self.ours and self.verdict in CONCLUSIVE and (self.keyed or self.verdict != "blocked")

    @property
    def sighting(self) -> bool:
        """Return whether the device is seen in it."""
        return self.ours and self.verdict in SIGHTINGS


@dataclass(frozen=True, slots=True)
class Turn:
    """From `at_ns` on, the path of `run` says this: a run hints with its first round and confirms with the one that is enough."""

    at_ns: int
    said: Said
    run: Run

    @property
    def opens_ns(self) -> int:
        """Return from when on it may open a presence."""
        return max(self.at_ns, self.run.counts_from_ns)


def turns(runs: Iterable[Run]) -> list[Turn]:
    """Return what the paths say, oldest first. Runs that came late, behind a newer run of their path, are history and say nothing."""
    paths: dict[Path, list[Run]] = {}
    for run in runs:
        paths.setdefault(run.path, []).append(run)
    found = [turn for mine in paths.values() for turn in _path_turns(_live(mine))]
    return sorted(found, key=lambda turn: (turn.at_ns, turn.run.path))


def _live(runs: Iterable[Run]) -> list[Run]:
    """Return one path's runs oldest first, without those stored after a newer one: ids rise in the order of storing."""
    kept: list[Run] = []
    for run in sorted(runs, key=lambda run: run.first_ns, reverse=True):
        if not kept or run.id < kept[-1].id:
            kept.append(run)
    return kept[::-1]


def _path_turns(runs: Sequence[Run]) -> list[Turn]:
    found: list[Turn] = []
    sighted: Run | None = None
    for index, run in enumerate(runs):
        at_ns = _confirmed(run, runs[:index]) if run.sighting else _cleared(run, sighted)
        if at_ns is None or at_ns > run.first_ns:
            found.append(Turn(run.first_ns, "hinted" if run.sighting else "heard", run))
        if at_ns is not None:
            found.append(Turn(at_ns, "confirmed" if run.sighting else "cleared", run))
        sighted = run if run.sighting else sighted
    return found


def _confirmed(run: Run, earlier: Sequence[Run]) -> int | None:
    """Return when a run's rounds were enough to believe it, or None."""
    if run.deterministic:
        return run.round_ns(DETERMINISTIC_ROUNDS) if run.rounds >= DETERMINISTIC_ROUNDS else None
    return next((run.round_ns(number) for number in range(1, run.rounds + 1) if _often(run, number, earlier)), None)


def _cleared(run: Run, sighted: Run | None) -> int | None:
    """Return when a run's rounds were enough to believe that the device seen last is gone, or None."""
    if not run.speaks_against or sighted is None:
        return None
    if sighted.deterministic:
        return run.round_ns(DETERMINISTIC_ROUNDS) if run.rounds >= DETERMINISTIC_ROUNDS else None
    at_ns = run.first_ns + STATISTICAL_CLEAR_NS
    return max(at_ns, run.round_ns(SATURATED)) if run.rounds >= SATURATED and run.last_ns >= at_ns else None


def _often(run: Run, rounds: int, earlier: Sequence[Run]) -> bool:
    """Return whether the run was saturated with so many of its rounds, or the last N surely held K sightings."""
    if rounds >= SATURATED:
        return True
    seen, room = rounds, N - rounds
    for one in reversed(earlier):
        counted = min(one.rounds, room)
        seen += counted if one.sighting and one.counts_from_ns <= run.first_ns else 0  # what a guard held back proves nothing
        room -= counted
        if room <= 0 or one.rounds >= SATURATED:  # a saturated run may hide more rounds than it says
            break
    return seen >= K
