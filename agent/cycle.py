"""One cycle: starts probes as the schedule says, looks again where something changed, hands over what was measured.

Here live the tasks and the cycle's clock; no socket, no disk, no meaning. What was measured is handed to `deliver` in one piece at the
end, or in two when something changed and others are slow: a change is told at once. A probe that may take long, by intention or by
silence, keeps no cycle waiting: it goes on beside the cycles that follow and is in the next report after its end.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agent.network.net import Network
from agent.probes.measured import Measured, Probe
from agent.schedule import BESIDE, LONG, Budget, Calendar, Memory, Round, Start, beside_https, follow_ups, idle_s, starts
from wire.facts import KnownFacts, WebFacts
from wire.plan import Plan
from wire.vocabulary import Clock, Kind

log = logging.getLogger(__name__)

SETTLE_S = 2.0
"""After a change the report waits so long for the rest of the round: healthy probes are done by then, a blackholed one takes 10 s."""
PROBE_S = 75.0
"""The longest a probe may work: six stages of 10 s by default and a chain check. Beyond it is our own fault, and it is ended."""
AFTER_PROXY = 3
"""The centre takes a device as gone after two clean rounds; one more may be suspect."""
RESTLESS = 3
"""Cycles in which QUIC and WebSocket are looked at once HTTPS changed: the centre takes a device as gone after two clean rounds."""

Cause = Literal["cycle", "change"]


@dataclass(frozen=True, slots=True)
class RoundClock:
    """The clock of one cycle: its number, and microseconds since it began. `agent.probes.measured.CycleClock`."""

    turn: int
    began_ns: int

    def at_us(self) -> int:
        """Return microseconds since the cycle began, by the monotonic clock."""
        return (time.monotonic_ns() - self.began_ns) // 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement, and what was started for it."""

    start: Start
    measured: Measured


@dataclass(frozen=True, slots=True)
class _Late:
    """What ended beside the cycles, and when."""

    taken: Taken
    ended_ns: int
    changed: bool

    def by(self, clock: RoundClock) -> Taken:
        """Return it as of a cycle; what ended before that began counts as of its start."""
        at_us = max(0, self.ended_ns - clock.began_ns) // 1000
        measured = self.taken.measured
        observation = measured.observation.model_copy(update={"at_us": at_us})
        return Taken(self.taken.start, Measured(observation, measured.facts, measured.certificates))


Deliver = Callable[[Sequence[Taken], Cause], None]


class Cycles:
    """Runs cycles. Remembers across them what was spent and what was seen."""

    def __init__(self, probes: Sequence[Probe], clock: Clock) -> None:
        self._probes = {probe.NAME: probe for probe in probes}
        self._clock = clock
        self._budget = Budget()
        self._memory = Memory()
        self._calendar = Calendar()
        self._broken: set[tuple[Kind, str]] = set()
        self._settling: dict[tuple[str, str, str], int] = {}
        """Rounds that a system route is still measured for after it became the direct one, by path."""
        self._beside: set[tuple[str, str, str]] = set()
        self._restless = 0
        self._trust: dict[tuple[str, str, str], object] = {}
        self._late: list[_Late] = []
        self._latest = RoundClock(0, time.monotonic_ns())

    def forget(self, plan: Plan) -> None:
        """Drop what only a former plan's targets needed."""
        paths = {start.path for start in starts(plan, tuple(self._probes))}
        self._memory.keep(paths)
        self._trust = {path: said for path, said in self._trust.items() if path in paths}
        self._calendar.keep(paths)
        self._settling = {path: rounds for path, rounds in self._settling.items() if path in paths}
        self._budget.forget_idle(time.monotonic())

    def elsewhere(self) -> None:
        """Take it that this machine is on another link than before: slow probes are due in the next cycle."""
        self._calendar.forget()

    def _is_due(self, start: Start, plan: Plan, now: float) -> bool:
        restless = self._restless > 0 and start.probe in BESIDE
        return self._calendar.due(start, 0 if restless else start.every_s or plan.probes[start.probe].every_s, plan.cadence_s, now)

    def _note_trust(self, start: Start, facts: KnownFacts) -> None:
        """Note how HTTPS failed or was trusted; when that changes, back to what was known too, the slow probes are due for some cycles."""
        if isinstance(facts, WebFacts):
            said = facts.failure, facts.trust
            if self._trust.setdefault(start.path, said) != said:
                self._trust[start.path] = said
                self._restless = RESTLESS

    async def run(
        self, plan: Plan, nets: Mapping[Kind, Network], turn: int, deliver: Deliver, beside: asyncio.TaskGroup | None = None
    ) -> None:
        """Run one cycle of `plan`. When cancelled, what was measured so far is delivered first.

        Probes that may take long are started in `beside`, which outlives the cycle; without it the cycle waits for them.
        """
        kinds, now = tuple(self._probes), time.monotonic()
        wanted = [start for start in starts(plan, kinds) if self._is_due(start, plan, now)]
        direct = any(route.kind == "direct" for route in plan.routes)
        wanted = [start for start in wanted if not direct or not await self._is_twin(start, nets[start.probe])]
        self._restless = max(0, self._restless - 1)
        clock = self._latest = RoundClock(turn, time.monotonic_ns())
        one = _Running(plan, kinds, Round(plan, wanted, self._budget, self._clock), self._memory, deliver, lambda: self._take_late(clock))
        try:
            async with asyncio.TaskGroup() as group:
                while not one.done:
                    start = one.take()
                    if start is None:
                        await one.pause()
                        continue
                    name = f"{start.probe} {start.target.name} {start.route.name}"
                    if beside is not None and start.probe in LONG:
                        one.left()
                        if start.path not in self._beside:
                            self._beside.add(start.path)
                            beside.create_task(self._go_beside(plan, start, nets[start.probe], clock), name=name)
                        continue
                    group.create_task(self._go(one, plan, start, nets[start.probe], clock), name=name)
        finally:
            one.hand_over()
        if one.skipped:
            log.debug("cycle %d: %d starts left out, their targets' hourly budget is spent", turn, one.skipped)

    async def _is_twin(self, start: Start, net: Network) -> bool:
        """Return whether a system route's start would only repeat the direct route's: `docs/decisions/011-the-way-really-taken.md`.

        After a proxy was taken away it is measured for a few rounds more, so that the centre sees the way clean and not just silent.
        """
        if start.route.kind != "system":
            return False
        try:
            direct = (await net.ways(start.target, start.route)).direct
        except Exception:  # noqa: BLE001 - a fault of ours: the probe will meet it too, and that is said
            return False
        if not direct:
            self._settling[start.path] = AFTER_PROXY
            return False
        left = self._settling.pop(start.path, 0)
        if left > 1:
            self._settling[start.path] = left - 1
        return left == 0

    async def _go(self, one: "_Running", plan: Plan, start: Start, net: Network, clock: RoundClock) -> None:
        measured = None
        try:
            measured = await self._measure(plan, start, net, clock)
        finally:
            if measured is not None:
                self._note_trust(start, measured.facts)
            one.ended(start, measured)

    async def _go_beside(self, plan: Plan, start: Start, net: Network, clock: RoundClock) -> None:
        """Measure one that may take long, and again at once if something changed; keep each for the next report."""
        try:
            measured = await self._measure(plan, start, net, clock)
            if measured is None:
                return
            changed = self._memory.changed(start, measured.observation.facts)
            self._late.append(_Late(Taken(start, measured), time.monotonic_ns(), changed))
            if changed and self._budget.take(start, plan.probes[start.probe].requests_per_hour, time.monotonic()):
                again = replace(start, repeat=True)
                if (measured := await self._measure(plan, again, net, clock)) is not None:
                    self._memory.changed(again, measured.observation.facts)
                    self._late.append(_Late(Taken(again, measured), time.monotonic_ns(), changed=True))
        finally:
            self._beside.discard(start.path)

    def leave(self, deliver: Deliver) -> None:
        """Deliver what ended beside the last cycle and waits for one that does not come."""
        taken, changed = self._take_late(self._latest)
        if taken:
            deliver(taken, "change" if changed else "cycle")

    def _take_late(self, clock: RoundClock) -> tuple[list[Taken], bool]:
        """Return what has ended beside the cycles, its moment that of its end by the cycle's clock, and whether any of it is a change."""
        late, self._late = self._late, []
        return [one.by(clock) for one in late], any(one.changed for one in late)

    async def _measure(self, plan: Plan, start: Start, net: Network, clock: RoundClock) -> Measured | None:
        try:
            async with asyncio.timeout(PROBE_S + idle_s(plan, start)):
                measured = await self._probes[start.probe].measure(start.target, start.route, net, clock)
        except Exception as error:
            # A network failure is a value, so this is our own fault. It must not cost the other probes; it is said once.
            if (start.probe, type(error).__name__) not in self._broken:
                self._broken.add((start.probe, type(error).__name__))
                log.exception("probe %s failed on %s; this is a fault of the agent, please report it", start.probe, start.target.name)
            return None
        if start.repeat:
            return Measured(measured.observation.model_copy(update={"repeat": True}), measured.facts, measured.certificates)
        return measured


class _Running:
    """The state of one cycle under way."""

    def __init__(
        self,
        plan: Plan,
        kinds: Sequence[Kind],
        turn: Round,
        memory: Memory,
        deliver: Deliver,
        take_late: Callable[[], tuple[list[Taken], bool]],
    ) -> None:
        self._plan = plan
        self._kinds = kinds
        self._round = turn
        self._memory = memory
        self._deliver = deliver
        self._take_late = take_late
        self._in_flight = 0
        self._taken: list[Taken] = []
        self._tell_by: float | None = None
        self._wake = asyncio.Event()
        self._hurried: set[tuple[str, str, str]] = set()
        """What was looked at besides, once in a cycle: a device in the link changes all targets at once."""

    @property
    def skipped(self) -> int:
        return self._round.skipped

    @property
    def done(self) -> bool:
        return self._in_flight == 0 and self._round.wait(time.monotonic()) is None

    def take(self) -> Start | None:
        start = self._round.take(time.monotonic(), self._in_flight)
        if start is not None:
            self._in_flight += 1
        return start

    async def pause(self) -> None:
        """Wait until something ended, the next start is due, or a change must be told."""
        now = time.monotonic()
        if self._tell_by is not None and now >= self._tell_by:
            self.hand_over()
        waits = [] if self._tell_by is None else [self._tell_by - now]
        spacing = self._round.wait(now)
        if spacing is not None and (spacing > 0 or self._in_flight == 0):
            waits.append(spacing)
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(waits, default=None)):
                await self._wake.wait()

    def left(self) -> None:
        """Take note that what was just taken goes on beside the cycle."""
        self._in_flight -= 1

    def ended(self, start: Start, measured: Measured | None) -> None:
        """Take a probe's result; a facts id not seen lately is looked at again at once."""
        self._in_flight -= 1
        self._wake.set()
        if measured is None:
            return
        self._taken.append(Taken(start, measured))
        if self._memory.changed(start, measured.observation.facts):
            for follow in (
                () if start.repeat else (*follow_ups(self._plan, self._kinds, start), *beside_https(self._plan, self._kinds, start))
            ):
                if follow.path not in self._hurried:
                    self._hurried.add(follow.path)
                    self._round.hurry(follow)
            self._round.repeat(start)
            self._tell_by = self._tell_by or time.monotonic() + SETTLE_S

    def hand_over(self) -> None:
        """Deliver what there is."""
        late, changed = self._take_late()
        cause: Cause = "change" if changed or self._tell_by is not None else "cycle"
        taken, self._taken, self._tell_by = [*self._taken, *late], [], None
        if taken:
            self._deliver(taken, cause)
