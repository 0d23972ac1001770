"""Holds what was told against what was true: who was found, how late, what was told falsely or twice. Pure.

When a device can be told at the earliest is worked out here from the reports alone, by design §6: deterministic evidence by the second
report that shows it, unless the machine's own roots have just changed; statistical evidence when two agents have shown it in four of
their last six rounds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.replay_world.fleet import CADENCE, SECOND, START
from benchmarks.replay_world.influence import Stretch
from benchmarks.replay_world.playing import COARSE, FINE, Told, fine_times
from benchmarks.replay_world.truths import Truth
from benchmarks.replay_world.world import ON_THE_WAY, World
from server.collector.meaning import Prepared
from server.collector.standing import ROOTS_CADENCES

SHOWN, OF_ROUNDS = 4, 6
"""k of n for statistical evidence (interception.md §5.2)."""
AGENTS = 2
SLACK_NS = 3 * CADENCE + 2 * SECOND
"""Design §6: at most three cadences and two seconds."""
EXAMPLES = 12
"""Of what was told falsely, printed."""
NEWS = frozenset({"appeared", "spread"})


@dataclass(slots=True)
class Score:
    """What became of one true device. `due_ns`: when its confirm rule is reached."""

    truth: Truth
    due_ns: int | None
    told: list[Told] = field(default_factory=list)
    doubled: int = 0

    @property
    def found(self) -> bool:
        """Return whether it was told as new."""
        return bool(self.told)

    def late(self, allowed_ns: int) -> bool:
        """Return whether it was told later than its rule and the bound allow."""
        return self.found and (self.due_ns is None or self.told[0].told_ns > self.due_ns + allowed_ns)


@dataclass(slots=True)
class Result:
    """Scores of all true devices, and the news no true device accounts for."""

    scores: list[Score]
    false: list[Told]
    late: list[Score]

    @property
    def found(self) -> int:
        """Return how many were told."""
        return sum(one.found for one in self.scores)

    @property
    def doubled(self) -> int:
        """Return how many events told again what was told."""
        return sum(one.doubled for one in self.scores)

    def hold(self) -> bool:
        """Return whether all were told, in time and once, and nothing else."""
        return self.found == len(self.scores) and not (self.false or self.doubled or self.late)

    def figures(self) -> dict[str, int]:
        """Return the counts, by the names the benchmark's last line has for them."""
        return {
            "found": self.found,
            "devices": len(self.scores),
            "false_new_devices": len(self.false),
            "events_doubled": self.doubled,
            "late": len(self.late),
        }


def score(world: World, told: Sequence[Told]) -> Result:
    """Return how what was told compares with what was true."""
    return weigh([Score(truth, due(world, truth)) for truth in world.truths], told, lambda one: _allowed(world, one))


def weigh(scores: list[Score], told: Sequence[Told], allowed_ns: Callable[[Score], int]) -> Result:
    """Return how what was told compares with true devices whose due moments are known; `allowed_ns`: how long after that is in time."""
    false = []
    for one in told:
        if one.kind in NEWS and one.severity != "none":
            match = next((two for two in scores if accounts(two.truth, one)), None)
            if match is None:
                false.append(one)
            else:
                match.told.append(one)
    for mine in scores:
        mine.told.sort(key=lambda one: one.told_ns)
        mine.doubled = _doubled(mine)
    return Result(scores, false, [one for one in scores if one.late(allowed_ns(one))])


def accounts(truth: Truth, one: Told) -> bool:
    """Return whether an event is about a true device: by a key of its own, or by a shared one at its place."""
    if one.told_ns < truth.start_ns:
        return False
    if truth.keys & one.keys and any(key.startswith(("instance:", "product:")) for key in truth.keys):
        return True
    return one.scope in truth.places and bool(truth.seen_as() & one.keys)


def _doubled(mine: Score) -> int:
    """Return how many events are more than one for each place it stands at, or one for all of them."""
    news = [one.scope for one in mine.told if one.kind == "appeared"]
    spread = [one.scope for one in mine.told if one.kind == "spread"]
    places = 1 if len(mine.truth.places) == 1 or not set(news) & set(mine.truth.places) else len(set(news) & set(mine.truth.places))
    return max(0, len(news) - places) + len(spread) - len(set(spread))


def _allowed(world: World, one: Score) -> int:
    """Return how long after its rule a device may be told: at once, and what time alone confirms or a guard held back within the bound.

    Beside that, it is looked for once a tick only.
    """
    if one.due_ns is None:
        return 0
    fine = any(start <= one.due_ns < until for start, until in fine_times(world))
    slow = one.truth.statistical or any(influence.root for _, influence in one.truth.plan)
    return (FINE if fine else COARSE) + (SLACK_NS if slow else 0)


def due(world: World, truth: Truth) -> int | None:
    """Return when a device's confirm rule is reached by the reports as they arrive, or None when it never is."""
    seen: list[int] = []
    for number, agent in enumerate(world.fleet.agents):
        if truth.agents and agent.name not in truth.agents:
            continue
        reports = list(_reports(world, number, truth))
        if reports:
            at = _by_counting(reports, truth) if truth.statistical else _by_second(reports, truth)
            seen += [at] if at is not None else []
    wanted = AGENTS if truth.statistical else 1
    return sorted(seen)[wanted - 1] if len(seen) >= wanted else None


def _reports(world: World, number: int, truth: Truth) -> Iterator[tuple[int, Stretch]]:
    """Give an agent's reports from its places after the device came, each when it is stored."""
    agent = world.fleet.agents[number]
    for stretch in world.lives[number]:
        if stretch.end_ns > truth.start_ns and stretch.place in truth.places and stretch.sent:
            for at in range(agent.first_report(stretch.start_ns), stretch.end_ns, CADENCE):
                if at >= truth.start_ns and not world.astray(number, at):
                    yield at + ON_THE_WAY, stretch


def _shows(said: Prepared, truth: Truth, names: frozenset[str]) -> bool:
    return said.device_key in names and (truth.statistical or said.finding.deterministic)


def _by_second(reports: Sequence[tuple[int, Stretch]], truth: Truth) -> int | None:
    names = truth.seen_as()
    rounds: dict[tuple[str, str], int] = {}
    fresh_ns, roots = 0, reports[0][1].roots if reports[0][0] > truth.start_ns + CADENCE + ON_THE_WAY else ()
    for at, stretch in reports:
        if stretch.roots != roots and set(stretch.roots) - set(roots):
            fresh_ns = at
        roots = stretch.roots
        news = fresh_ns and at - fresh_ns <= ROOTS_CADENCES * CADENCE
        for path, said in stretch.says.items():
            rounds[path] = rounds.get(path, 0) + 1 if _shows(said, truth, names) else 0
            if rounds[path] > 1 and not news:
                return at
    return None


def _by_counting(reports: Sequence[tuple[int, Stretch]], truth: Truth) -> int | None:
    names = truth.seen_as()
    shown: dict[tuple[str, str], list[bool]] = {}
    for at, stretch in reports:
        for path, said in stretch.says.items():
            last = shown.setdefault(path, [])
            last.append(_shows(said, truth, names))
            if sum(last[-OF_ROUNDS:]) >= SHOWN:
                return at
    return None


def table(result: Result, begins_ns: int = START) -> list[str]:
    """Return a line for each true device, and for some of what was told falsely; days count from `begins_ns`."""
    lines = [f"{'device':26} {'class':27} {'manner':24} {'place':18} {'comes':>7} {'due':>8} {'told':>8}  events"]
    for one in result.scores:
        truth = one.truth
        after = [None if at is None else (at - truth.start_ns) / 60e9 for at in (one.due_ns, one.told[0].told_ns if one.told else None)]
        due_text, told_text = ("-" if value is None else f"{value:.0f} min" for value in after)
        place = truth.places[0] if len(truth.places) == 1 else f"{len(truth.places)} sites"
        mark = "" if one.found and one not in result.late and not one.doubled else "  <- " + _trouble(one, late=one in result.late)
        comes = f"day {(truth.start_ns - begins_ns) / 86_400e9:.1f}"
        times = f"{comes:>7} {due_text:>8} {told_text:>8}  {len(one.told)}{mark}"
        lines.append(f"{truth.name:26} {truth.device_class:27} {truth.manner:24} {place:18} {times}")
    return lines + [f"FALSE {one.kind} {one.severity} at {one.scope}: {one.sentence[:200]}" for one in result.false[:EXAMPLES]]


def _trouble(one: Score, *, late: bool) -> str:
    return "not found" if not one.found else "late" if late else f"{one.doubled} doubled"
