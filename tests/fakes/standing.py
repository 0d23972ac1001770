"""Agents as the collector leaves them in the state database, and one watcher's lease over it: for the rules that look at both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update

from server.collector.standing import Standing
from server.collector.ways import Way, WaySeen, follow
from server.state import events, standing, ways
from server.state.database import Database
from server.state.ledger import AgentHead, write_agents
from server.state.tables import agent
from server.watcher.leading import Leadership
from tests.fakes.sightings import MINUTE, START, Rounds, Seen


@dataclass
class Fleet:
    """`now_ns` moves by hand; `said` has the newest places and cadences."""

    database: Database
    now_ns: int = START
    software: str = "1.0"
    plan: int = 0
    ways: dict[str, dict[str, Way]] = field(default_factory=dict)
    rounds: Rounds = field(init=False)
    lead: Leadership = field(init=False)

    def __post_init__(self) -> None:
        """Make the collector and the leader."""
        self.rounds = Rounds(self.database)
        self.lead = Leadership(self.database, "watcher", lambda: self.now_ns)

    async def report(self, name: str, seen: Mapping[str, Seen], place: str = "Porto", **said: Any) -> None:
        """Take in a report of an agent that is measured now."""
        async with self.database.writing() as transaction:
            known = {"id": name, "first_seen_ns": self.now_ns}
            await transaction.execute(self.database.insert_or_ignore(agent), known)
            plain: dict[str, Any] = {"cadence_s": 60.0, "software": self.software}
            head = AgentHead(1, self.now_ns, place, **plain | said)
            await write_agents(transaction, {name: head})
            await standing.write_words(self.database, transaction, {name: Standing(plan=self.plan, told=True)})
        await self.rounds.see(name, self.now_ns, seen, place)

    async def leave(self, name: str, **seen: WaySeen) -> None:
        """Let an agent's report at Porto say by which ways it leaves: `egress`, `dns`, `relay`, and `door` for the front door."""
        kinds = {("front-door" if kind == "door" else kind): one for kind, one in seen.items()}
        before = self.ways.get(name, {})
        after = dict(follow(before, kinds, "Porto", self.now_ns))  # type: ignore[arg-type]
        changed = {(name, kind): way for kind, way in after.items() if way != before.get(kind)}
        if changed:
            async with self.database.writing() as transaction:
                await ways.write(self.database, transaction, changed)
        self.ways[name] = after

    async def minutes(self, count: int, duty: Any, *reports: tuple[str, Mapping[str, Seen]], place: str = "Porto") -> None:
        """Let minutes pass: each report comes at its full minute, and the duty looks after it and half a minute later."""
        for _ in range(count):
            for name, seen in reports:
                await self.report(name, seen, place)
            for _ in range(2):
                await self.look(duty)
                self.now_ns += MINUTE // 2

    async def look(self, duty: Any) -> None:
        """Let the duty look, as the leader."""
        await self.lead.lead()
        await duty.step(self.lead)

    async def told(self) -> list[tuple[str, str, int, str]]:
        """Return (kind, scope, episode, severity) of each event, in the order told."""
        async with self.database.reading() as transaction:
            rows = await events.listed(transaction, events.Wanted(), 1000)
        return [(row.kind, row.scope, row.episode, row.severity) for _, row in reversed(rows)]

    async def sentences(self, kind: str) -> list[str]:
        """Return the sentences of one kind of event."""
        async with self.database.reading() as transaction:
            rows = await events.listed(transaction, events.Wanted(kind=kind), 1000)
        return [row.sentence for _, row in reversed(rows)]

    async def move(self, name: str, place: str) -> None:
        """Say that an agent stands elsewhere, without a report."""
        async with self.database.writing() as transaction:
            await transaction.execute(update(agent).where(agent.c.id == name).values(place=place))
