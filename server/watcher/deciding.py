"""Applies the pure rules inside one transaction: loads what they need, stores what they decide, tells the outbox.

Nothing is decided here, and nothing outlives the transaction: a crash before its commit leaves the inbox as it was.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from server.fleet.registry import Registry
from server.state import device_notes as notes
from server.state import devices as stored
from server.state import endpoints, events, paths
from server.state.database import Database, Transaction
from server.state.inbox import Row
from server.watcher import sentences
from server.watcher.device_events import Teller
from server.watcher.devices import RETIRE_NS, Told
from server.watcher.recognising import Recognition, presence_row, split, standing_of
from server.watcher.spreading import ENDPOINTS, fleet
from server.watcher.telling import publish
from server.watcher.weighing import Post, Weighed, agents_at, quieter, weigh

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
        on_paths = await paths.device_keys_on(self.transaction, [run.id for run in runs])
        named = await stored.owners(self.transaction, [split(name) for _, _, name in on_paths]) if on_paths else {}
        about = [(named[split(name)], place, agent) for place, agent, name in on_paths if split(name) in named]
        await self.settle_all(about)
        for row in rows:
            if row.kind == "clone":
                await self._clone(row)

    async def sweep(self, about: Iterable[tuple[str, str, str]]) -> None:
        """Settle those of these (device, place, agent) that time alone may change: of most, nothing has been heard that could."""
        wanted = list(about)
        devices = {device for device, _, _ in wanted}
        keys = await stored.keys_of(self.transaction, devices) if devices else {}
        rows: dict[tuple[str, str, str], stored.PresenceRow | endpoints.EndpointRow] = {}
        for row in await stored.presences(self.transaction, devices):
            rows[row.device, row.place, ""] = row
        for machine in await endpoints.presences(self.transaction, devices):
            rows[machine.device, ENDPOINTS, machine.agent] = machine
        asked = {one: _asked(one, rows[one], keys[one[0]]) for one in wanted if one in rows}
        news = await paths.with_news(self.transaction, [question for question in asked.values() if question is not None])
        for one, question in asked.items():
            if question in news or (rows[one].state in {"candidate", "absent"} and self.now_ns - rows[one].since_ns > RETIRE_NS):
                await self.settle_all([one])

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
        machines: dict[str, list[Post]] = {}
        found: list[tuple[Told, Post, Weighed]] = []
        for post in sorted(posts, key=lambda one: (one.device, one.place, one.agent)):
            if post.place == ENDPOINTS:
                machines.setdefault(post.device, []).append(post)
            else:
                weighed = await self._settle(post)
                found += [(one, post, weighed) for one in weighed.told]
        await self._tell_in_order(found)
        for mine in machines.values():
            await self._settle_fleet(mine)

    def _post(self, device: str, place: str, agent: str, scope: str, keys: Sequence[tuple[str, str]]) -> Post:
        names = tuple(f"{kind}:{value}" for kind, value in keys)
        return Post(device, names, ENDPOINTS, agent, scope) if scope == "endpoint" else Post(device, names, place, "", scope)

    async def _settle(self, post: Post) -> Weighed:
        rows = await stored.presences(self.transaction, [post.device], post.place)
        before = standing_of(rows[0]) if rows else None
        weighed = await weigh(self.transaction, post, before, await self._reporting(post.place), self.now_ns)
        if weighed.after is not None and weighed.after != before:
            await stored.place_at(self.database, self.transaction, presence_row(post.device, post.place, weighed.after))
        return weighed

    async def _settle_fleet(self, posts: Sequence[Post]) -> None:
        """Settle what one product does on these machines, then the fleet's presence of it, which alone is told."""
        device = posts[0].device
        known = {row.agent: row for row in await endpoints.presences(self.transaction, [device])}
        having = {agent for agent, row in known.items() if row.state == "present"}
        weighed: dict[str, Weighed] = {}
        for post in posts:
            if post.agent:
                weighed[post.agent] = await self._settle_machine(post, known.get(post.agent))
        told = [(agent, one) for agent, mine in weighed.items() for one in mine.told]
        if weighed and not told:
            return
        rows = await stored.presences(self.transaction, [device], ENDPOINTS)
        before = standing_of(rows[0]) if rows else None
        after, fresh = fleet(before, told, having, self.now_ns)
        if after is not None and after != before:
            await stored.place_at(self.database, self.transaction, presence_row(device, ENDPOINTS, after))
        present = await endpoints.present_on(self.transaction, device)
        for agent, one in fresh:
            proof = weighed.get(agent, Weighed(None, (), (), {}, 1))
            whole = Weighed(after, [one], proof.runs, proof.findings, max(1, present))
            await self._teller().tell(replace(posts[0], agent=agent), one, whole)

    async def _settle_machine(self, post: Post, row: endpoints.EndpointRow | None) -> Weighed:
        before = standing_of(row) if row else None
        weighed = await weigh(self.transaction, post, before, 1, self.now_ns)
        after = weighed.after
        if after is not None and after != before:
            now = endpoints.EndpointRow(post.device, post.agent, after.state, after.episode, after.since_ns, after.seen_ns)
            await endpoints.place_on(self.database, self.transaction, now)
        return weighed

    async def _reporting(self, place: str) -> int:
        if place not in self._agents:
            self._agents[place] = await agents_at(self.transaction, place, self.now_ns)
        return self._agents[place]

    async def _tell_in_order(self, found: Sequence[tuple[Told, Post, Weighed]]) -> None:
        """Tell in the order in which it came to be known: of two sides of a box the first is told, whoever looks when."""
        ordered = sorted(found, key=lambda one: (one[0].decided_ns, one[1].device, one[1].place))
        for index, (told, post, weighed) in enumerate(ordered):
            unknown = {later.device for other, later, _ in ordered[index + 1 :] if other.kind != "left"}
            one = await quieter(self.transaction, post, told, weighed, unknown)
            await self._teller().tell(post, one, weighed)

    def _teller(self) -> Teller:
        return Teller(self.database, self.transaction, self.now_ns, self.registry, self.fresh)

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


def _asked(
    one: tuple[str, str, str], row: stored.PresenceRow | endpoints.EndpointRow, keys: Sequence[tuple[str, str]]
) -> paths.Presence | None:
    """Return what to ask of a presence; nothing of what a person entered, and of the fleet's own, which moves with its machines."""
    _, place, agent = one
    if not keys or (place == ENDPOINTS and not agent):
        return None
    return paths.Presence(
        bool(agent), agent or place, frozenset(f"{kind}:{value}" for kind, value in keys), row.state == "present", row.seen_ns
    )
