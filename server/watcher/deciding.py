"""Applies the pure rules inside one transaction: loads what they need, stores what they decide, tells the outbox.

Nothing is decided here, and nothing outlives the transaction: a crash before its commit leaves the inbox as it was.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from server.fleet.registry import Registry
from server.state import device_notes as notes
from server.state import devices as stored
from server.state import endpoints, events, paths
from server.state.database import Database, Transaction
from server.state.inbox import Row
from server.watcher import sentences
from server.watcher.device_events import Teller
from server.watcher.recognising import Recognition, presence_row, split, standing_of
from server.watcher.spreading import ENDPOINTS, fleet
from server.watcher.telling import publish
from server.watcher.weighing import Post, Weighed, agents_at, weigh

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Decision:
    """The decisions of one transaction. `fresh` collects what was told, for the log after the commit; `registry` knows sites' zones."""

    database: Database
    transaction: Transaction
    now_ns: int
    registry: Registry = field(default_factory=Registry)
    fresh: list[str] = field(default_factory=list)
    _agents: dict[str, int] = field(default_factory=dict)

    async def decide(self, rows: Sequence[Row]) -> None:
        """Decide inbox rows. Many rows about one device at one place are one decision: it is a function of the stored runs."""
        runs = await paths.by_id(self.transaction, [row.run for row in rows if row.kind == "run" and row.run is not None])
        recognition = Recognition(self.database, self.transaction)
        for run in runs:
            await recognition.see(run)
        on_paths = await paths.device_keys_on(self.transaction, {(run.place, run.agent, run.target, run.route) for run in runs})
        named = await stored.owners(self.transaction, [split(name) for _, _, name in on_paths]) if on_paths else {}
        about = [(named[split(name)], place, agent) for place, agent, name in on_paths if split(name) in named]
        await self.settle_all(about)
        for row in rows:
            if row.kind == "clone":
                await self._clone(row)

    async def settle_all(self, about: Iterable[tuple[str, str, str]]) -> None:
        """Bring devices in line with the stored runs, each given as (device, place, agent); tell what that means.

        Without an agent, a place of `ENDPOINTS` is the fleet's own presence of what runs on endpoints: only time changes it.
        """
        wanted = sorted(set(about))
        devices = {device for device, _, _ in wanted}
        if not devices:
            return
        said = await notes.load(self.transaction, devices)
        keys = await stored.keys_of(self.transaction, devices)
        posts = {self._post(device, place, agent, said[device].scope, keys[device]) for device, place, agent in wanted}
        for post in sorted(posts, key=lambda one: (one.device, one.place, one.agent)):
            await self._settle(post)

    def _post(self, device: str, place: str, agent: str, scope: str, keys: Sequence[tuple[str, str]]) -> Post:
        names = tuple(f"{kind}:{value}" for kind, value in keys)
        return Post(device, names, ENDPOINTS, agent, scope) if scope == "endpoint" else Post(device, names, place, "", scope)

    async def _settle(self, post: Post) -> None:
        if post.place == ENDPOINTS:
            await self._settle_endpoint(post)
            return
        rows = await stored.presences(self.transaction, [post.device], post.place)
        before = standing_of(rows[0]) if rows else None
        weighed = await weigh(self.transaction, post, before, await self._reporting(post.place), self.now_ns)
        if weighed.after is not None and weighed.after != before:
            await stored.place_at(self.database, self.transaction, presence_row(post.device, post.place, weighed.after))
        await self._tell(post, weighed)

    async def _settle_endpoint(self, post: Post) -> None:
        """Settle what runs on one machine, then the fleet's presence of it, which alone is told."""
        weighed = Weighed(None, (), (), {}, 1)
        if post.agent:
            mine = await endpoints.presences(self.transaction, [post.device], post.agent)
            before = standing_of(mine[0]) if mine else None
            weighed = await weigh(self.transaction, post, before, 1, self.now_ns)
            after = weighed.after
            if after is not None and after != before:
                row = endpoints.EndpointRow(post.device, post.agent, after.state, after.episode, after.since_ns, after.seen_ns)
                await endpoints.place_on(self.database, self.transaction, row)
        if post.agent and not weighed.told:
            return
        rows = await stored.presences(self.transaction, [post.device], ENDPOINTS)
        whole = standing_of(rows[0]) if rows else None
        present = await endpoints.present_on(self.transaction, post.device)
        standing, told = fleet(whole, weighed.told, present, self.now_ns)
        if standing is not None and standing != whole:
            await stored.place_at(self.database, self.transaction, presence_row(post.device, ENDPOINTS, standing))
        await self._tell(post, Weighed(standing, told, weighed.runs, weighed.findings, max(1, present)))

    async def _reporting(self, place: str) -> int:
        if place not in self._agents:
            self._agents[place] = await agents_at(self.transaction, place, self.now_ns)
        return self._agents[place]

    async def _tell(self, post: Post, weighed: Weighed) -> None:
        teller = Teller(self.database, self.transaction, self.now_ns, self.registry, self.fresh)
        for one in weighed.told:
            await teller.tell(post, one, weighed)

    async def _clone(self, row: Row) -> None:
        """Tell of a forked stream, once per stream: its first 31 bits stand where a device has its episode."""
        try:
            body = json.loads(row.body)
            agent, stream, seq, at_ns = str(body["agent"]), str(body["stream"]), int(body["seq"]), int(body["at_ns"])
        except (ValueError, KeyError, TypeError):
            _log.exception("inbox row %d (clone) cannot be read and is dropped; the collector that wrote it is at fault", row.id)
            return
        sentence = sentences.cloned(agent, stream, seq, at_ns)
        episode = int(stream[:8], 16) & 0x7FFF_FFFF
        await self._publish(events.EventRow("cloned-identity", "P2", "", agent, episode, at_ns, self.now_ns, sentence, row.body))

    async def _publish(self, event: events.EventRow) -> None:
        if await publish(self.database, self.transaction, event, self.now_ns):
            self.fresh.append(event.sentence)
