"""When which probe starts, pure: order, spacing, budgets, repeats, the phase of an agent. Time is an argument; nothing is started here.

A round is one cycle's starts. Direct and other routes to one target come back to back, so that their difference means something.
"""

import hashlib
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wire.plan import Plan
from wire.target import HERE, Route, Target
from wire.vocabulary import Clock, Kind, Protocol

IN_FLIGHT = 20
"""At 20 at once the kernel's stamps are right within 0.5 ms at p95, at 100 they are not (measured)."""
SPACING_S: dict[Clock, float] = {"kernel": 0.005, "loop": 0.050}
"""Denser starts merge segments; the portable clock needs 50 ms for 97 % of samples within 1 ms (measured)."""
REMEMBERED = 8
"""Facts ids kept for each probe, target and route: a name with several addresses shows a few sets of facts in turn."""
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Start:
    """One probe to start: its kind, target and route. `repeat`: the immediate second look after a change. `every_s`: its own cadence."""

    probe: Kind
    target: Target
    route: Route
    repeat: bool = False
    every_s: float = 0.0

    @property
    def path(self) -> tuple[str, str, str]:
        """Return what is remembered and compared: probe, target, route."""
        return self.probe, self.target.name, self.route.name


FITS: Mapping[str, tuple[Protocol, ...]] = {
    "dns": ("https", "http", "dns"),
    "web": ("https", "http"),
    "path": ("https",),
    "quic": ("quic",),
    "websocket": ("wss",),
    "media": ("turn",),
}
"""Which targets a probe is for. A name is looked up for its TCP target only; `egress` and `host` have targets of their own."""
_ON_EVERY_ROUTE = ("web", "websocket")
"""Probes that go through a proxy too; datagrams and TTLs know no proxy."""
COST: Mapping[str, int] = {"path": 8, "media": 50}
"""Requests a start counts as in its target's budget, 1 where it is not listed. A trace reaches each of the target's two ports two or three
times, with a packet lost four: plain connect, the climb's last step, its repetition. Every other packet dies on its way.
Media's two trains are 25 datagrams, and where there is silence as many again."""
LONG: tuple[Kind, ...] = ("media", "quic", "websocket")
"""Probes that may take long: one lies idle by intention, the others' usual failure is silence. They keep no cycle waiting."""
_IDLE = ("websocket",)
BESIDE: tuple[Kind, ...] = ("quic", "websocket")
_PROXIED: tuple[str, ...] = ("proxy", "system")


def starts(plan: Plan, kinds: Sequence[Kind]) -> tuple[Start, ...]:
    """Return a round's starts in order: this machine, then target by target its lookup and each route back to back; the reflector last.

    A lookup is the machine's own and the same for every route, so it is made once, on the first direct route.
    """
    wanted = [kind for kind in kinds if kind in plan.probes]
    direct = next((route for route in plan.routes if route.kind == "direct"), plan.routes[0])
    found = [Start(kind, HERE, direct) for kind in wanted if str(kind) == "host"]
    looked_up: set[str] = set()
    for target in plan.targets:
        if "dns" in wanted and fits(plan, "dns", target) and not (target.protocol == "http" and target.host in looked_up):
            looked_up.add(target.host)
            found.append(Start("dns", target, direct))
        for kind in wanted:
            if kind != "dns" and fits(plan, kind, target):
                found += [Start(kind, target, route) for route in _ways(plan, kind)]
    reflectors = ([plan.reflector] if plan.reflector else []) + plan.reflectors
    for one in reflectors if "egress" in wanted else ():
        target = Target(host=one.host, port=one.port, protocol=one.protocol, category=one.category, workload="Control", path=one.path)
        found += [Start("egress", target, route) for route in plan.routes]
    if plan.download is not None and "web" in wanted:
        file = plan.download
        target = Target(host=file.host, port=file.port, path=file.path, category=file.category, workload=file.workload)
        found.append(Start("web", target, direct, every_s=file.every_s))
    return tuple(found)


def fits(plan: Plan, kind: Kind, target: Target) -> bool:
    """Return whether the plan wants this probe on this target."""
    hosts = plan.probes[kind].hosts
    return target.protocol in FITS.get(kind, ()) and (not hosts or target.host in hosts)


def follow_ups(plan: Plan, kinds: Sequence[Kind], changed: Start) -> list[Start]:
    """Return what is looked at besides once something changed on a target and route: its path, whatever its own cadence."""
    path: Kind = "path"
    if changed.probe == path or path not in kinds or path not in plan.probes or not fits(plan, path, changed.target):
        return []
    return [Start(path, changed.target, route) for route in _ways(plan, path) if route.name == changed.route.name]


def beside_https(plan: Plan, kinds: Sequence[Kind], changed: Start) -> list[Start]:
    """Return which slow probes look again once HTTPS changed on a route: QUIC and WebSocket of all targets there.

    A device that comes or goes does so for them too; by their own cadence the centre would know of it half an hour later.
    """
    wanted = [kind for kind in BESIDE if changed.probe == "web" and kind in kinds and kind in plan.probes]
    return [
        Start(kind, target, route)
        for kind in wanted
        for target in plan.targets
        if fits(plan, kind, target)
        for route in _ways(plan, kind)
        if route.name == changed.route.name
    ]


def _ways(plan: Plan, kind: Kind) -> list[Route]:
    return [route for route in plan.routes if kind in _ON_EVERY_ROUTE or route.kind not in _PROXIED]


def idle_s(plan: Plan, start: Start) -> float:
    """Return how long a probe lies idle by intention, in seconds."""
    return plan.probes[start.probe].idle_s if start.probe in _IDLE else 0.0


class Calendar:
    """When each slow probe was last started. A probe without a cadence of its own is due in every cycle."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, str], float] = {}

    def due(self, start: Start, every_s: float, cadence_s: float, now: float) -> bool:
        """Note and return whether `start` is due: half a cycle early is on time, for cycles come in steps. Seconds of a steady clock."""
        last = self._last.get(start.path)
        if every_s and last is not None and now < last + every_s - cadence_s / 2:
            return False
        self._last[start.path] = now
        return True

    def forget(self) -> None:
        """Make every slow probe due at once: the machine stands elsewhere now."""
        self._last.clear()

    def keep(self, paths: set[tuple[str, str, str]]) -> None:
        """Forget paths that are in no plan any more."""
        self._last = {path: last for path, last in self._last.items() if path in paths}


class Budget:
    """Requests to each target within the last hour. Never exceeded, repeats included: a retry loop once made 300 requests a second."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], deque[float]] = {}

    def take(self, start: Start, per_hour: int, now: float) -> bool:
        """Count the start's requests if the budget of its probe and target allows them. Times are seconds of a steady clock."""
        made = self._made.setdefault((start.probe, start.target.name), deque())
        while made and made[0] <= now - _HOUR_S:
            made.popleft()
        cost = min(COST.get(start.probe, 1), per_hour)
        if len(made) + cost > per_hour:
            return False
        made.extend([now] * cost)
        return True

    def forget_idle(self, now: float) -> None:
        """Drop what a former plan's targets left behind."""
        self._made = {key: made for key, made in self._made.items() if made and made[-1] > now - _HOUR_S}


class Memory:
    """The last few facts ids of every path."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], OrderedDict[str, None]] = {}

    def changed(self, start: Start, facts: str) -> bool:
        """Note a facts id and return whether it is a change: not among the last eight, and not the first ever."""
        seen = self._seen.setdefault(start.path, OrderedDict())
        fresh = facts not in seen and bool(seen)
        seen[facts] = None
        seen.move_to_end(facts)
        while len(seen) > REMEMBERED:
            seen.popitem(last=False)
        return fresh

    def keep(self, paths: set[tuple[str, str, str]]) -> None:
        """Forget paths that are in no plan any more."""
        self._seen = {path: seen for path, seen in self._seen.items() if path in paths}


class Round:
    """One cycle's starts being handed out: at most 20 in flight, spaced, within budget, repeats first."""

    def __init__(self, plan: Plan, wanted: Sequence[Start], budget: Budget, clock: Clock) -> None:
        self._plan = plan
        self._waiting = deque(wanted)
        self._budget = budget
        self._spacing_s = SPACING_S[clock]
        self._next = float("-inf")
        self.skipped = 0
        """Starts left out because the budget of their target was spent."""

    def take(self, now: float, in_flight: int) -> Start | None:
        """Return what to start now, or None: nothing left, too early (`wait`), or too many in flight."""
        while self._waiting and now >= self._next and in_flight < IN_FLIGHT:
            start = self._waiting.popleft()
            if self._budget.take(start, self._plan.probes[start.probe].requests_per_hour, now):
                self._next = now + self._spacing_s
                return start
            self.skipped += 1
        return None

    def wait(self, now: float) -> float | None:
        """Return the seconds until spacing allows the next start; None when nothing is left to start."""
        return max(0.0, self._next - now) if self._waiting else None

    def repeat(self, start: Start) -> None:
        """Look again at once: before everything that waits, and once only."""
        if not start.repeat:
            self._waiting.appendleft(replace(start, repeat=True))

    def hurry(self, start: Start) -> None:
        """Start this one next, whether it was waiting or not due at all."""
        if start in self._waiting:
            self._waiting.remove(start)
        self._waiting.appendleft(start)


def phase_s(agent: str, cadence_s: float) -> float:
    """Return this agent's place within the cadence, 0 to `cadence_s`: stable, and spread over a fleet."""
    return int.from_bytes(hashlib.sha256(agent.encode()).digest()[:8]) / 2**64 * cadence_s


def next_cycle(now: float, cadence_s: float, phase: float) -> float:
    """Return when the next cycle begins: the next moment after `now` with this phase. Both in seconds of the wall clock.

    Cycles that were missed, by a long round or a sleeping laptop, are not made up for.
    """
    done = (now - phase) // cadence_s
    return phase + (done + 1) * cadence_s
