"""What keeps a sighting from being told, or makes it quieter: guard rails, learning windows, damping, a change of the origin's own. Pure.

Sources: facts, interception §5.2 rules 2, 5 and 7. What a guard rail holds back is told when the guard ends, if it is still there: the
sighting then counts from that moment on, and nothing is lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from server.watcher.devices import Standing
from server.watcher.turns import Run

HOUR_NS = 3600 * 10**9
GUARDS = frozenset({"clock", "captive", "roots"})
"""Conditions of an agent under which it accuses nobody: its clock is wrong, a portal answers for everybody, its own roots just changed."""
LEARN_NS = 24 * HOUR_NS
LEARN_ROUNDS = 20
"""A baseline has formed after a day and 20 rounds (interception §5.2 rule 2)."""
MOST_FLIPS = 3.0
HALF_LIFE_NS = HOUR_NS
"""Damping: each coming and going is a flip, half of which is forgotten in an hour; more than three are too many to tell (§5.2 rule 5)."""
SAME_NS = HOUR_NS
SAME_SITES = 3
"""A change that names nobody, seen at three sites within an hour, is likelier the origin's own than three new devices at once."""
NEVER = 2**63 - 1
"""From when what a guard holds back counts, as long as nobody knows: past every moment a column can hold."""
STRANGER_NS = HOUR_NS
"""An agent new at a place, or one that met the device elsewhere before, speaks for itself where others find the path clean: what it sees
is likelier its own. After an hour it is recorded as a discovery; an agent that knows the place makes it news at once."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What is the matter with an agent, from `first_ns` until `until_ns` (0: it goes on)."""

    agent: str
    kind: str
    first_ns: int
    until_ns: int = 0


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was seen of a place's path before a moment: since when, for how long in all, in how many runs, at which cadence (seconds)."""

    first_ns: int
    observed_ns: int
    runs: int
    cadence_s: float

    def is_ready(self, at_ns: int) -> bool:
        """Return whether it had formed by then. Runs stop counting their rounds at three, so rounds are what fits in the time."""
        rounds = self.runs + self.observed_ns / (max(self.cadence_s, 1.0) * 1e9)
        return at_ns - self.first_ns >= LEARN_NS and rounds >= LEARN_ROUNDS


def guarded(runs: Iterable[Run], conditions: Sequence[Condition]) -> list[Run]:
    """Return the runs, each sighting with the moment from which on it may open a presence: at once, its guard's end, or `NEVER` yet."""
    by_agent: dict[str, list[Condition]] = {}
    for one in conditions:
        if one.kind in GUARDS:
            by_agent.setdefault(one.agent, []).append(one)
    return [_held(run, by_agent.get(run.path.agent, ())) if run.sighting else run for run in runs]


def _held(run: Run, conditions: Sequence[Condition]) -> Run:
    stranger = run.stranger and run.clean_before > 0
    own = [Condition(run.path.agent, "stranger", run.first_ns, run.first_ns + STRANGER_NS)] if stranger else []
    return replace(run, counts_from_ns=_allowed_from(run, sorted([*conditions, *own], key=_first)))


def is_stranger(here: tuple[int, int] | None, elsewhere_ns: int) -> bool:
    """Return whether an agent is one at a place: it never was clean there, or met the device elsewhere after it found this path clean.

    `here`: when its newest clean run there began, on any path and on this one (ns, 0 for never), None for never; `elsewhere_ns`: when it
    newly met the device at another place, 0 for never.
    """
    return here is None or elsewhere_ns > here[1]


def _first(one: Condition) -> int:
    return one.first_ns


def waiting(after: Standing | None, runs: Iterable[Run], now_ns: int) -> Standing | None:
    """Return the presence with what a guard holds back: a candidate, so that it is looked at again when the guard has ended."""
    fresh = [one for one in runs if one.sighting and one.counts_from_ns > now_ns and (after is None or one.last_ns > after.since_ns)]
    if not fresh or (after is not None and after.state != "retired"):
        return after
    first_ns = max(min(run.first_ns for run in fresh), after.since_ns if after else 0)
    seen_ns = max(run.last_ns for run in fresh)
    return Standing("candidate", after.episode if after else 0, first_ns, seen_ns)


def _allowed_from(run: Run, conditions: Sequence[Condition]) -> int:
    """Return from when a sighting counts. A guard that rose after it began does not touch it; one that outlived it held it for ever."""
    at_ns = run.first_ns
    for one in conditions:
        if one.first_ns <= at_ns and not one.until_ns:
            return NEVER
        if one.first_ns <= at_ns < one.until_ns:
            at_ns = one.until_ns
    return at_ns if at_ns == run.first_ns or run.last_ns >= at_ns else NEVER


def is_damped(flips: Iterable[int], at_ns: int) -> bool:
    """Return whether a coming or going at a moment is one too many after these (Unix ns), told or not."""
    weight: float = sum(0.5 ** ((at_ns - flip) / HALF_LIFE_NS) for flip in flips if flip <= at_ns)
    return weight + 1 > MOST_FLIPS


def is_origins_own(run_at_ns: int, elsewhere: Mapping[str, Iterable[int]]) -> bool:
    """Return whether enough other sites (name to when they first saw it, ns) saw the same at the same time."""
    same = [place for place, times in elsewhere.items() if any(abs(at_ns - run_at_ns) <= SAME_NS for at_ns in times)]
    return len(same) >= SAME_SITES - 1
