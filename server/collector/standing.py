"""What an agent's reports say of the agent itself, pure: which stretches of trouble begin and end, and its newest word of plan and roots.

Only what a report proves by itself is decided here; what needs time or the fleet (silence, an old plan, old software) is the watcher's.
A late report, measured before the newest one taken, changes nothing: a stretch begins and ends by the newest word only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple

from server.collector.intake import FUTURE_NS
from wire.facts import HostFacts, KnownFacts
from wire.observation import HostObservation, KnownObservation
from wire.report import Report

ConditionKind = Literal["clock", "roots", "dropping", "lagging", "plan"]
CLOCK_MS: Final = FUTURE_NS / 1e6
"""From here a clock is wrong: a report this far ahead is held (`intake.FUTURE_NS`), and behind by as much it may stand at another site."""
IN_FLIGHT: Final = 16
"""Unreceipted reports an agent may have under way (design §3); what waits beyond them is a backlog."""
ROOTS_CADENCES: Final = 3.0
"""Changed roots are news for this long: a device is believed after two rounds, so its first ones fall into it (interception §5.2, 7)."""
ROOTS_KEPT: Final = 8
"""Bundle hashes remembered of one kind: an agent's memory of chains names old bundles for as long as those chains live."""
DETAIL = 256


class Open(NamedTuple):
    """A stretch that goes on."""

    first_ns: int
    detail: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What one report says of its agent. A kind in `wrong` is wrong, with its detail; one in `fine` is not; of others nothing is known."""

    wrong: Mapping[ConditionKind, str] = field(default_factory=dict)
    fine: frozenset[ConditionKind] = frozenset()
    plan: int = 0
    roots: tuple[tuple[str, str], ...] = ()
    """Hashes of root bundles, each with the kind of bundle it is of."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one agent stands. `told` is False until a first report was taken: its roots are then the beginning, not a change."""

    open: Mapping[str, Open] = field(default_factory=dict)
    plan: int = 0
    roots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since_ns: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """One row of `condition`. `until_ns` is 0 while it goes on."""

    agent: str
    kind: str
    first_ns: int
    until_ns: int
    detail: str


def seen_of(report: Report, pairs: Iterable[tuple[KnownObservation, KnownFacts]]) -> Seen:
    """Return what a report says of its agent; `pairs` are its observations with their facts."""
    cycle = report.cycle
    offsets = [] if cycle.health.clock_offset_ms is None else [cycle.health.clock_offset_ms]
    roots = [("os", cycle.roots.os), ("public", cycle.roots.public)]
    checked = False
    for observation, facts in pairs:
        if isinstance(facts, HostFacts):
            roots.append(("added", " ".join(sorted(one.key or one.subject for one in facts.added_roots)) or "none"))
            if isinstance(observation, HostObservation) and observation.ntp_offset_ms is not None:
                offsets.append(observation.ntp_offset_ms)
        elif not checked and (trust := getattr(facts, "trust", None)) is not None:
            checked = True  # one process checks all chains of a report, by the same bundles
            roots += [("os-bundle", trust.os_roots), ("public-bundle", trust.public_roots)]
    wrong, fine = _said(report, offsets)
    return Seen(wrong, fine, cycle.plan, tuple(one for one in roots if one[1]))


def _said(report: Report, offsets: list[float]) -> tuple[dict[ConditionKind, str], frozenset[ConditionKind]]:
    health = report.cycle.health
    wrong: dict[ConditionKind, str] = {}
    worst = max(offsets, key=abs, default=0.0)
    if abs(worst) > CLOCK_MS:
        wrong["clock"] = f"{abs(worst) / 1000:.0f} s {'ahead' if worst > 0 else 'behind'}"
    if report.dropped:
        lost = sum(last - first + 1 for first, last in report.dropped)
        wrong["dropping"] = f"{lost} report{'s' if lost > 1 else ''} discarded"
    if health.spooled > IN_FLIGHT:
        wrong["lagging"] = f"{health.spooled} reports wait at the agent"
    if health.plan_refused:
        wrong["plan"] = f"refused a plan: {health.plan_refused}"
    known: set[ConditionKind] = {"dropping", "lagging", "plan"}
    if offsets:
        known.add("clock")
    return wrong, frozenset(known - wrong.keys())


def take(before: Standing, seen: Seen, at_ns: int, cadence_s: float) -> Standing:
    """Return how an agent stands after its newest report; the same object when nothing changed."""
    fresh = [(kind, value) for kind, value in seen.roots if value not in before.roots.get(kind, ())]
    changed = sorted({kind for kind, _ in fresh if kind in before.roots}) if before.told else []
    standing = dict(before.open)
    for kind in seen.fine:
        standing.pop(kind, None)
    for kind, detail in seen.wrong.items():
        standing.setdefault(kind, Open(at_ns, detail[:DETAIL]))
    if changed:
        standing["roots"] = Open(at_ns, f"changed: {', '.join(changed)}"[:DETAIL])
    elif (news := standing.get("roots")) is not None and at_ns - news.first_ns > ROOTS_CADENCES * cadence_s * 1e9:
        standing.pop("roots")
    after = before if standing == before.open else replace(before, open=standing)
    if fresh or seen.plan != before.plan or not before.told:
        after = replace(after, plan=seen.plan, roots=_remembered(before.roots, fresh), since_ns=at_ns, told=True)
    return after


def _remembered(roots: Mapping[str, tuple[str, ...]], fresh: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    known = dict(roots)
    for kind, value in fresh:
        known[kind] = (*(one for one in known.get(kind, ()) if one != value), value)[-ROOTS_KEPT:]
    return known


def stretches(agent: str, before: Standing, after: Standing, at_ns: int) -> list[Stretch]:
    """Return the rows that lead from one standing to another: what ended, ended at `at_ns`."""
    ended = [Stretch(agent, kind, one.first_ns, at_ns, one.detail) for kind, one in before.open.items() if after.open.get(kind) != one]
    return ended + [Stretch(agent, kind, one.first_ns, 0, one.detail) for kind, one in after.open.items() if before.open.get(kind) != one]
