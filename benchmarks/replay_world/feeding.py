"""Stands where the collector stands: folds what reports say into runs, conditions and inbox rows, by the collector's own keeper.

A quiet agent's runs are extended at most every ten minutes; here that is done in bulk for the places somebody is about to look at.
Reports carry no observations here (`fullday.py` sends whole ones).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, update

from benchmarks.replay_world.fleet import CADENCE, SECOND
from benchmarks.replay_world.influence import Stretch
from benchmarks.replay_world.ways import Homes
from benchmarks.replay_world.world import ON_THE_WAY, Sent, World
from server.collector.intake import FUTURE_NS, Item
from server.collector.ledger import Entry
from server.collector.meaning import Meaning
from server.collector.runkeeping import RunKeeper
from server.collector.runs import EXTEND_NS
from server.collector.standing import Seen
from server.ingest.port import Arrival
from server.state import assignments, ledger
from server.state.database import Database
from server.state.tables import agent as agent_table
from server.state.tables import run
from wire.report import Cycle, Report
from wire.target import DIRECT

_OLDER = (run.c.agent == bindparam("of_agent"), run.c.current, run.c.place == bindparam("of_place"), run.c.last_ns < bindparam("at_ns"))
_EXTEND = update(run).where(*_OLDER, run.c.route == DIRECT.name).values(last_ns=bindparam("at_ns"))
"""The direct route is measured always, in all its targets."""
_EXTEND_PATH = (
    update(run)
    .where(*_OLDER, run.c.target == bindparam("of_target"), run.c.route == bindparam("of_route"))
    .values(last_ns=bindparam("at_ns"))
)
_CYCLE = Cycle.model_construct(started_ns=0, created_ns=0, cadence_s=CADENCE / SECOND, software="1.0.0", lab=False, observations=[])
_REPORT = Report.model_construct(agent="", stream="", seq=1, digest="", cycle=_CYCLE)
"""Copied for each report: to make one anew, pydantic looks into its types (a twentieth of the month, measured)."""
_HEARD = update(agent_table).where(agent_table.c.id == bindparam("of_agent")).values(latest_ns=bindparam("at_ns"))


@dataclass(slots=True)
class Counts:
    """What was fed."""

    reports: int = 0
    runs: int = 0
    extended: int = 0


class Feeder:
    """One collector's keeper over a database, and what it has extended."""

    def __init__(self, world: World, database: Database) -> None:
        self._world = world
        self._database = database
        self._keeper = RunKeeper(database)
        self._homes = Homes(world.fleet)
        self._extended: dict[tuple[int, str], int] = {}
        self._heard: dict[int, int] = {}
        self._there: dict[str, set[int]] = {}
        self._said: dict[int, tuple[int, tuple[int, Stretch] | None]] = {}
        self.counts = Counts()

    async def introduce(self, now_ns: int) -> None:
        """Give every agent its row and its place."""
        newcomers = {(one.name, f"context-{number}"[:22]): (b"{}", one.site) for number, one in enumerate(self._world.fleet.agents)}
        async with self._database.writing() as transaction:
            await assignments.introduce(self._database, transaction, newcomers, now_ns)

    async def take(self, batch: Sequence[Sent], now_ns: int) -> set[str]:
        """Store reports that arrived by now; return the places they are of."""
        agents = self._world.fleet.agents
        meanings = [self._meaning(one, now_ns) for one in batch]
        first = {one.agent: min(other.measured_ns for other in batch if other.agent == one.agent) for one in batch}
        async with self._database.writing() as transaction:
            heads = await ledger.lock_agents(transaction, sorted({agents[one.agent].name for one in batch}))
            for number, at_ns in first.items():
                before = self._world.heard(number, at_ns + ON_THE_WAY - 1)
                if before is not None:
                    name, said_ns = agents[number].name, before[0] + before[1].skew_ns
                    heads[name] = replace(heads[name], latest_ns=max(heads[name].latest_ns, said_ns))
            await self._keeper.take(transaction, heads, meanings, now_ns)
        self._keeper.committed()
        self.counts.reports += len(batch)
        for one in batch:
            self._there.setdefault(one.stretch.place, set()).add(one.agent)
        return {one.stretch.place for one in batch}

    async def extend(self, places: Collection[str], now_ns: int) -> None:
        """Bring the runs that go on at these places up to ten minutes, as the collector would have by now."""
        rows, words, paths = [], [], []
        for place in sorted(places):
            for number in sorted(self._there.get(place, ())):
                heard = self._newest(number, now_ns)
                if heard is None or heard[1].place != place:
                    continue
                at_ns, name = heard[0] + heard[1].skew_ns, self._world.fleet.agents[number].name
                if at_ns - self._extended.get((number, place), 0) >= EXTEND_NS:
                    rows.append({"of_agent": name, "of_place": place, "at_ns": at_ns})
                    others = [path for path in heard[1].says if path[1] != DIRECT.name]
                    paths += [rows[-1] | {"of_target": target, "of_route": route} for target, route in others]
                    self._extended[number, place] = at_ns
                if at_ns > self._heard.get(number, 0):
                    words.append({"of_agent": name, "at_ns": at_ns})
                    self._heard[number] = at_ns
        if rows or words:
            async with self._database.writing() as transaction:
                if rows:
                    await transaction.execute(_EXTEND, rows)
                if paths:
                    await transaction.execute(_EXTEND_PATH, paths)
                if words:
                    await transaction.execute(_HEARD, words)
        self.counts.extended += len(rows)

    async def heard(self, now_ns: int) -> None:
        """Bring every agent's newest word up to now."""
        words = []
        for number, agent in enumerate(self._world.fleet.agents):
            heard = self._newest(number, now_ns)
            if heard is not None and (at_ns := heard[0] + heard[1].skew_ns) > self._heard.get(number, 0):
                words.append({"of_agent": agent.name, "at_ns": at_ns})
                self._heard[number] = at_ns
        if words:
            async with self._database.writing() as transaction:
                await transaction.execute(_HEARD, words)

    def _newest(self, number: int, now_ns: int) -> tuple[int, Stretch] | None:
        """Return what an agent's newest report by now said; time only goes on."""
        known = self._said.get(number)
        if known is None or now_ns >= known[0]:
            known = self._said[number] = self._world.holds_until(number, now_ns), self._world.heard(number, now_ns)
        return known[1]

    def _meaning(self, one: Sent, now_ns: int) -> Meaning:
        stretch, name = one.stretch, self._world.fleet.agents[one.agent].name
        started_ns = one.measured_ns + stretch.skew_ns
        cycle = _CYCLE.model_copy(update={"started_ns": started_ns, "created_ns": started_ns + SECOND})
        ways = self._homes.seen(self._world.fleet.agents[one.agent], stretch.place, stretch.leaves, one.measured_ns)
        report = _REPORT.model_copy(update={"agent": name, "cycle": cycle})
        item = Item(Arrival("", b"", now_ns), name, Entry(1, "stored", "", "", started_ns), "", report)
        return Meaning(item, stretch.place, [], tuple(stretch.says.values()), [], seen_of(stretch), ways)


def seen_of(stretch: Stretch) -> Seen:
    """Return what a report says of its machine."""
    off_s = abs(stretch.skew_ns) // SECOND
    wrong = {"clock": f"{off_s} s behind"} if off_s * SECOND > FUTURE_NS else {}
    fine = frozenset({"clock", "dropping", "lagging", "plan"} - wrong.keys())
    return Seen(wrong, fine, 1, (("os", "store-1"), ("added", " ".join(stretch.roots) or "none")))  # type: ignore[arg-type]
