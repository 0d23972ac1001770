"""Reads how agents and sites stand, and writes it to the history: at once what changed, and everything every `refresh_s`.

State points are derived and written again, so they go without outbox (docs/decisions/008-states-are-written-again.md). Nothing is
written to the state database.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from judge.knowledge.model import Knowledge
from server.fleet.registry import Registry
from server.history.port import History, Point, Unavailable
from server.state import decided, devices, overview, plans, standing
from server.state.database import STATE_FAULTS, Database
from server.watcher.site_words import more_of
from server.watcher.state_points import agent_point, path_point, site_point
from server.watcher.states import FRESH_CADENCES, UNKNOWN_MAKE, AgentState, Measured, SiteState, agent_states, path_stops, site_states
from server.watcher.wellbeing import wellbeing

REACH_S = 3600.0
"""How far back the newest measurement of a path may lie: an address or a front door of an hour ago is still the best answer there is."""
LOOK_NS = 10**9
"""Between two looks, however often it is woken: a device inserted at a large site comes in hundreds of reports."""
MEASURE_S = 5.0
"""Between two measurements at least: each asks for the newest point of every series."""
RETRY_NS = 5 * 10**9
"""After a failure everything is written again that soon."""
POLL_S = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class States:
    """How all agents and sites stand at one moment. `vendors` names the owner of each device key at a site."""

    agents: Sequence[AgentState]
    sites: Sequence[SiteState]
    vendors: Mapping[str, str] = field(default_factory=dict)


async def read_states(
    database: Database, history: History | None, registry: Registry, knowledge: Knowledge, now_ns: int, measured: Measured | None
) -> States:
    """Return how agents and sites stand. Without `measured` the history is asked; without both nothing measured is known.

    Raises one of STATE_FAULTS; Unavailable only when the history is asked.
    """
    ignored = [f"{one.host}:{one.port}" for one in knowledge.representatives if one.control]  # inspecting those is not inspecting Microsoft
    async with database.reading() as transaction:
        rows = await overview.agents(transaction)
        tallies = await overview.tallies(transaction, ignored)
        asides = await overview.asides(transaction, ignored)
        counts = await overview.counts(transaction, now_ns)
        going_on, follow = await standing.going_on(transaction), await standing.plans(transaction)
        wanted = await plans.newest_versions(transaction, {row.id for row in rows})
        words = await decided.words(transaction)
        keys = {*(tally.device_key for tally in tallies), *(aside.device_key for aside in asides)} - {""}
        names = {key: key.partition(":") for key in keys}
        owners = await devices.owners(transaction, {(kind, value) for kind, _, value in names.values()}) if names else {}
        known = await devices.load(transaction, set(owners.values())) if owners else {}
    vendors = {
        name: known[owner].vendor or UNKNOWN_MAKE
        for name, (kind, _, value) in names.items()
        if (owner := owners.get((kind, value))) in known
    }
    if measured is None:
        reach_s = _reach(row.cadence_s for row in rows)
        measured = await measure(history, now_ns, reach_s) if history is not None else Measured()
    agents = agent_states(rows, counts, now_ns)
    troubles = {one.agent: one.troubles for one in wellbeing(agents, going_on, follow, wanted, 0, now_ns)}
    agents = [replace(one, plan=follow.get(one.agent, 0), troubles=troubles[one.agent]) for one in agents]
    sites = site_states(agents, tallies, vendors, measured, registry, knowledge.front_door, now_ns, asides)
    more = more_of(agents, tallies, measured, words, knowledge)
    return States(agents, [replace(one, more=more[one.site]) for one in sites], vendors)


async def measure(history: History, now_ns: int, reach_s: float = REACH_S) -> Measured:
    """Return the newest measurements not older than `reach_s`. Dear: asked at most every few seconds. Raises Unavailable."""
    since_ns = now_ns - int(reach_s * 1e9)
    web = await history.latest("mw_raw", "web", ["total_ms"], {}, since_ns)
    doors = await history.latest("mw_raw", "web", ["front_door"], {"workload": "Exchange"}, since_ns)
    ways = await history.latest("mw_raw", "egress", ["address"], {"route": "direct", "category": "Control"}, since_ns)
    total_ms: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for point in web:
        tags = dict(point.tags)
        if tags.get("category") != "Control":
            total_ms.setdefault(_who(tags), []).append((point.time_ns, float(point.fields["total_ms"])))
    inside = await history.latest("mw_raw", "host", ["tunnelled"], {}, since_ns)
    tunnelled = {_who(dict(one.tags)): (one.time_ns, int(one.fields["tunnelled"])) for one in inside}
    hops = await history.latest("mw_raw", "path", ["direct_peering"], {"route": "direct"}, since_ns)
    peering: dict[tuple[str, str], tuple[int, bool]] = {}
    for one in hops:
        who, seen = _who(dict(one.tags)), (one.time_ns, bool(one.fields["direct_peering"]))
        peering[who] = max(peering.get(who, seen), seen)
    return Measured(total_ms, _newest(ways, "address"), _newest(doors, "front_door"), tunnelled, peering)


def _reach(cadences: Iterable[float]) -> float:
    """Return how many seconds back to look, for the slowest agent too."""
    return max([REACH_S, *(FRESH_CADENCES * cadence_s for cadence_s in cadences)])


def _who(tags: Mapping[str, str]) -> tuple[str, str]:
    return tags.get("site", ""), tags.get("agent", "")


def _newest(points: Sequence[Point], name: str) -> dict[tuple[str, str], tuple[int, str]]:
    """Return the newest text of each (site, agent)."""
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for point in points:
        key, seen = _who(dict(point.tags)), (point.time_ns, str(point.fields[name]))
        found[key] = max(found.get(key, seen), seen)
    return found


class StateReader:
    """Reads states again and again, and measures only now and then. `measure_s`: seconds between two measurements at least.

    `knowledge` is asked each time: it may be replaced while the centre runs.
    """

    def __init__(
        self, database: Database, history: History, registry: Registry, knowledge: Callable[[], Knowledge], measure_s: float = MEASURE_S
    ) -> None:
        self._database = database
        self._history = history
        self._registry = registry
        self._knowledge = knowledge
        self._measure_ns = int(measure_s * 1e9)
        self._measured_ns = 0
        self._reach_s = REACH_S
        self._measured = Measured()
        self.trouble = ""
        """What kept the last measurement from being made, or nothing."""

    async def read(self, now_ns: int) -> States:
        """Return how agents and sites stand; while the history is away, with what was measured last. Raises one of STATE_FAULTS."""
        if _over(now_ns - self._measured_ns, self._measure_ns):
            self._measured_ns = now_ns
            try:
                self._measured, self.trouble = await measure(self._history, now_ns, self._reach_s), ""
            except (Unavailable, ValueError) as away:  # ValueError: InfluxDB gave the query up, by a limit of its own
                self.trouble = str(away)
        states = await read_states(self._database, None, self._registry, self._knowledge(), now_ns, self._measured)
        self._reach_s = _reach(agent.cadence_s for agent in states.agents)
        return states


class Refresher:
    """Writes states to the history. `now` gives Unix nanoseconds."""

    def __init__(self, reader: StateReader, history: History, refresh_s: float, now: Callable[[], int]) -> None:
        self._reader = reader
        self._history = history
        self._refresh_ns = int(refresh_s * 1e9)
        self._now = now
        self._woken = asyncio.Event()
        self._looked_ns = self._refreshed_ns = 0
        self._written: dict[Hashable, Hashable] = {}
        self._trouble = ""

    def wake(self) -> None:
        """Say that something may have changed."""
        self._woken.set()

    async def run(self, active: Callable[[], bool]) -> None:
        """Work until cancelled, whenever `active`."""
        while True:
            if active():
                await self.step()
            else:  # another watcher writes now, and what it wrote is not known here
                self._written, self._refreshed_ns = {}, 0
                self._woken.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_S)
            if self._woken.is_set():
                await asyncio.sleep(min(POLL_S, max(0.0, (self._looked_ns + LOOK_NS - self._now()) / 1e9)))

    async def step(self) -> int:
        """Look if it is time to, write what is due, and return how many points were stored."""
        now_ns = self._now()
        whole = _over(now_ns - self._refreshed_ns, self._refresh_ns)
        if not whole and not (self._woken.is_set() and _over(now_ns - self._looked_ns, LOOK_NS)):
            return 0
        self._woken.clear()
        self._looked_ns = now_ns
        try:
            return await self._write(now_ns, whole=whole)
        except Unavailable as away:
            self._say(str(away))
        except STATE_FAULTS as error:
            _log.warning("states: state database: %s; trying again, nothing is lost", type(error).__name__)
        self._refreshed_ns = now_ns - max(0, self._refresh_ns - RETRY_NS)
        return 0

    async def _write(self, now_ns: int, *, whole: bool) -> int:
        states = await self._reader.read(now_ns)
        words = dict(_words(states))
        changed = {key for key, word in words.items() if whole or self._written.get(key) != word}
        points = list(_points(states, now_ns, changed))
        rejected = await self._history.write("mw_raw", points) if points else []
        self._written = words
        if whole:
            self._refreshed_ns = now_ns
        self._say(f"{rejected[0].reason}: {rejected[0].message}" if rejected else self._reader.trouble)
        return len(points) - len(rejected)

    def _say(self, trouble: str) -> None:
        """Tell the log when something goes wrong with the history and when it is over, not each time."""
        if trouble and not self._trouble:
            _log.warning("states and the history store: %s; states are written again, so nothing is lost", trouble)
        elif self._trouble and not trouble:
            _log.info("states are in the history store again")
        self._trouble = trouble


def _over(passed_ns: int, pause_ns: int) -> bool:
    """Return whether a pause is over; it is, too, when the clock was set back behind its beginning."""
    return not 0 <= passed_ns < pause_ns


def _words(states: States) -> Iterator[tuple[Hashable, Hashable]]:
    """Give what makes a state another one, by its key."""
    for agent in states.agents:
        yield ("agent", agent.agent), (agent.site, agent.state, agent.troubles)
    for site in states.sites:
        said = (site.more.summary.word, site.more.egress_owner, site.more.says)
        yield ("site", site.site), (site.verdict, site.agree, site.reporting, site.egress, site.front_door, site.devices, said)


def _points(states: States, now_ns: int, changed: Collection[Hashable]) -> Iterator[Point]:
    """Give the points of what changed."""
    for agent in states.agents:
        if ("agent", agent.agent) in changed:
            yield agent_point(agent, now_ns)
    for site in states.sites:
        if ("site", site.site) in changed:
            yield site_point(site, now_ns)
            yield from (path_point(stop, now_ns) for stop in path_stops(site))
