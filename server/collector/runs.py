"""Runs, pure: a stretch of equal verdict and device key on one path, and what a new finding does to it.

A path is (place, target, route) of one agent. Live findings extend or end the path's current run; late ones amend
history only. Persistence is `server/state/runs.py`; the watcher reads runs, never reports.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

ENOUGH_ROUNDS = 3
"""Rounds are counted to three: the watcher asks for two, and for "more than that"; counting on would cost 25 updates a report."""
EXTEND_NS = 600 * 10**9
"""A run that goes on is written at most every ten minutes (design: one commit a report must not become twenty-five)."""


class Path(NamedTuple):
    """What a run is about, within one agent. `target` is a finding's name: an aspect of a target has runs of its own."""

    place: str
    target: str
    route: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `id` is 0 when just made and negative until stored.

    `finding` is the JSON of the finding that opened it, empty where the run was read: what is stored keeps the one it has.
    `second_ns` and `third_ns`: when its second and third round were measured (Unix ns), 0 before them: what two rounds say is said then.
    """

    path: Path
    verdict: str
    device_key: str
    first_ns: int
    last_ns: int
    rounds: int
    current: bool
    finding: bytes = b""
    id: int = 0
    second_ns: int = 0
    third_ns: int = 0

    def same_as(self, other: "Run") -> bool:
        """Return whether both say the same of the same path."""
        return (self.verdict, self.device_key, self.path) == (other.verdict, other.device_key, other.path)

    def with_round(self, at_ns: int) -> "Run":
        """Return the run with one round more, measured before, between or after those that are counted."""
        counted = [self.first_ns, self.second_ns or self.first_ns, self.third_ns or self.first_ns][: self.rounds]  # 0: nobody wrote it down
        times = sorted([*counted, at_ns])[:ENOUGH_ROUNDS]
        first_ns, second_ns, third_ns = [*times, 0, 0][:ENOUGH_ROUNDS]
        last_ns = max(self.last_ns, at_ns)
        return replace(self, rounds=len(times), first_ns=first_ns, second_ns=second_ns, third_ns=third_ns, last_ns=last_ns)


@dataclass(frozen=True, slots=True)
class Change:
    """A run to insert (`run.id` below 1) or update, and whether the watcher must look."""

    run: Run
    tell: bool


def live(current: Run | None, seen: Run, latest_ns: int) -> list[Change]:
    """Return what a finding newer than everything before it does. `seen` is the finding as a run of one round.

    `latest_ns` is the newest time measured on this agent before: the true end of a run that now ends.
    """
    if current is None:
        return [Change(seen, tell=True)]
    if not current.same_as(seen):
        ended = replace(current, current=False, last_ns=max(current.last_ns, min(latest_ns, seen.first_ns - 1)))
        return [Change(ended, tell=False), Change(seen, tell=True)]
    if current.rounds < ENOUGH_ROUNDS:
        return [Change(current.with_round(seen.first_ns), tell=True)]
    if seen.last_ns - current.last_ns >= EXTEND_NS:
        return [Change(replace(current, last_ns=seen.last_ns), tell=False)]
    return []


def late(known: Sequence[Run], seen: Run) -> list[Change]:
    """Return what a finding from the past does to the runs of its path, current one included: history only, nobody is alarmed."""
    at = seen.first_ns
    inside = [run for run in known if run.first_ns <= at <= run.last_ns]
    if any(run.same_as(seen) or run.first_ns == at for run in inside):
        return []  # of two that say different things of one instant the first told stays: a path's run starts once
    before = max((run for run in known if run.last_ns < at), key=lambda run: run.last_ns, default=None)
    after = min((run for run in known if run.first_ns > at), key=lambda run: run.first_ns, default=None)
    if not inside and before is not None and before.same_as(seen):
        return [Change(before.with_round(at), tell=False)]
    if not inside and after is not None and after.same_as(seen):
        return [Change(after.with_round(at), tell=False)]
    return [Change(replace(seen, current=False), tell=False)]


class AgentRuns:
    """The runs of one agent while a batch is decided: what is stored, and what changes. Changes to one run fold into one."""

    def __init__(self, current: Iterable[Run], history: Iterable[Run] = ()) -> None:
        self.current: dict[Path, Run] = {run.path: run for run in current}
        self.changed: dict[int, Change] = {}
        self._past: dict[Path, dict[int, Run]] = {}
        self._fresh = itertools.count(-1, -1)
        for run in history:
            self._past.setdefault(run.path, {})[run.id] = run

    def see(self, seen: Run, latest_ns: int, *, is_late: bool) -> None:
        """Take one finding in."""
        current = self.current.get(seen.path)
        if current is None or not is_late:
            changes = live(current, seen, latest_ns)
        else:
            changes = late([*self._past.get(seen.path, {}).values(), current], seen)
        for change in changes:
            self._take(change)

    def _take(self, change: Change) -> None:
        run = change.run if change.run.id else replace(change.run, id=next(self._fresh))
        before = self.changed.get(run.id)
        self.changed[run.id] = Change(run, tell=change.tell or (before is not None and before.tell))
        if run.current:
            self.current[run.path] = run
        else:
            self._past.setdefault(run.path, {})[run.id] = run
