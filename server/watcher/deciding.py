"""Applies the pure rules inside one transaction: loads what they need, stores what they decide, tells the outbox.

Nothing is decided here, and nothing outlives the transaction: a crash before its commit leaves the inbox as it was.
"""

import json
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from judge.finding import Device, DeviceKey, Finding, KeyKind
from server.fleet.registry import Registry
from server.state import devices as stored
from server.state import events, paths
from server.state.database import Database, Transaction
from server.state.inbox import Row
from server.watcher import sentences
from server.watcher.devices import SILENT_NS, Approval, Standing, Told, decide, join, priority
from server.watcher.findings import read
from server.watcher.identity import FIRM, Choice, Owner, choose
from server.watcher.telling import printable, publish
from server.watcher.turns import SETTLED_NS, SIGHTINGS, Path, Run, turns
from wire.codec import canonical
from wire.vocabulary import Category, Disposition, Presence, Verdict

_log = logging.getLogger(__name__)
NAMED_HOSTS = 50
"""Hosts and agents listed in an event's body; a place with more has them in its runs."""


@dataclass(slots=True)
class Decision:
    """The decisions of one transaction. `fresh` collects what was told, for the log after the commit; `registry` knows sites' zones."""

    database: Database
    transaction: Transaction
    now_ns: int
    registry: Registry = field(default_factory=Registry)
    fresh: list[str] = field(default_factory=list)
    recognised: set[Device] = field(default_factory=set)

    async def decide(self, rows: Sequence[Row]) -> None:
        """Decide inbox rows. Many rows about one device at one place are one decision: it is a function of the stored runs."""
        runs = await paths.by_id(self.transaction, [row.run for row in rows if row.kind == "run" and row.run is not None])
        for run in runs:
            await self._recognise(run)
        on_paths = await paths.device_keys_on(self.transaction, {(run.place, run.agent, run.target, run.route) for run in runs})
        named = await stored.owners(self.transaction, {_split(name) for _, name in on_paths})
        about = {(named[_split(name)], place) for place, name in on_paths if _split(name) in named}
        for device, place in sorted(about):
            await self.settle(device, place)
        for row in rows:
            if row.kind == "clone":
                await self._clone(row)

    async def _recognise(self, run: paths.StoredRun) -> None:
        """Make, extend or merge the device a sighting is about."""
        finding = read(run.finding) if run.verdict in SIGHTINGS and run.device_key else None
        seen = finding.device if finding else None
        if seen is None:
            return
        name = _key(*_split(run.device_key))
        seen = replace(seen, keys=(name, *(key for key in seen.keys if key != name)))
        if seen in self.recognised:  # one device at a site of 50 agents and 12 targets is 600 runs that say the same
            return
        self.recognised.add(seen)
        choice = choose(seen, await self._owners(seen.keys))
        if choice.new:
            await stored.add(self.transaction, _described(stored.DeviceRow(choice.device, first_seen_ns=run.first_ns), seen))
        else:
            await self._extend(choice, seen)
        await stored.attach(self.database, self.transaction, choice.device, [(key.kind, key.value) for key in choice.attach])

    async def _owners(self, keys: Collection[DeviceKey]) -> dict[DeviceKey, Owner]:
        owned = await stored.owners(self.transaction, [(key.kind, key.value) for key in keys])
        rows = await stored.load(self.transaction, set(owned.values()))
        all_keys = await stored.keys_of(self.transaction, set(owned.values()))
        firm = {device: any(kind in FIRM for kind, _ in mine) for device, mine in all_keys.items()}
        return {_key(*key): Owner(device, rows[device].first_seen_ns, firm[device]) for key, device in owned.items()}

    async def _extend(self, choice: Choice, seen: Device) -> None:
        for gone in choice.merge:
            await self._merge(choice.device, gone)
        row = (await stored.load(self.transaction, [choice.device]))[choice.device]
        described = _described(row, seen)
        if seen.confidence > row.confidence and described != row:
            await stored.describe(self.transaction, described)

    async def _merge(self, kept: str, gone: str) -> None:
        older = {row.place: row for row in await stored.presences(self.transaction, [kept])}
        for row in await stored.presences(self.transaction, [gone]):
            known = older.get(row.place)
            standing = join(_standing(known), _standing(row)) if known else _standing(row)
            older[row.place] = _presence_row(kept, row.place, standing)
        await stored.merge(self.transaction, kept, gone, list(older.values()))

    async def settle(self, device: str, place: str) -> None:
        """Bring one device at one place in line with the stored runs, and tell what that means."""
        keys = (await stored.keys_of(self.transaction, [device]))[device]
        names = [f"{kind}:{value}" for kind, value in keys]
        rows = await stored.presences(self.transaction, [device], place)
        before = _standing(rows[0]) if rows else None
        seen = await paths.seen_by(self.transaction, place, names)
        findings = {one.id: read(one.finding) for one in seen if one.device_key in names}
        runs = await self._runs(seen, findings, before)
        agents = await paths.agents_at(self.transaction, place, self.now_ns - SILENT_NS)
        after, told = decide(before, turns(runs), agents, self.now_ns)
        if after is not None and after != before:
            await stored.place_at(self.database, self.transaction, _presence_row(device, place, after))
        for one in told:
            await self._tell(device, place, one, agents, _proof(one, runs, findings))

    async def _runs(self, seen: Sequence[paths.StoredRun], findings: dict[int, Finding | None], before: Standing | None) -> list[Run]:
        """Return stored runs as the device sees them. Clean rounds before are asked for only where a sighting may open a presence."""
        opening: list[int] = []
        if before is None or before.state in {"candidate", "retired", "absent"}:
            since_ns = before.since_ns if before else 0
            opening = [one.id for one in seen if one.id in findings and one.first_ns >= since_ns]
        clean = await paths.clean_rounds_before(self.transaction, opening, SETTLED_NS) if opening else {}
        category = {one.target: found.target.category for one in seen if (found := findings.get(one.id))}
        return [_run(one, findings, category, clean) for one in seen]

    async def _tell(self, device: str, place: str, told: Told, agents: int, proof: Finding | None) -> None:
        row = (await stored.load(self.transaction, [device]))[device]
        approval = Approval(
            cast("Disposition", row.disposition), row.disposed_until_ns, frozenset(filter(None, row.disposed_categories.split(",")))
        )
        hosts = sorted({run.path.target.rpartition(":")[0] for run in told.runs})
        voices = sorted({run.path.agent for run in told.runs})
        spoken = sorted({run.path.target.rpartition(":")[0] for run in told.runs if run.category != "Control"})  # the others have no say
        site = self.registry.sites.get(place)
        zone = site.zone if site else "UTC"
        about = sentences.Circumstances(place, spoken or hosts, len(voices), agents, told.at_ns, told.since_ns, proof, zone)
        body = {
            "place": place,
            "vendor": row.vendor,
            "product": row.product,
            "possible": row.possible,
            "device_class": row.device_class,
            "issuer": row.issuer,
            "confidence": row.confidence,
            "hosts": hosts[:NAMED_HOSTS],
            "agents": voices[:NAMED_HOSTS],
            "agents_agree": len(voices),
            "agents_reporting": max(agents, len(voices)),
            "before_since_ns": told.since_ns,
            "verdict": proof.verdict if proof else "",
            "responsible": proof.responsible if proof and told.kind != "left" else "nobody",
            "evidence": [one.text for one in proof.evidence] if proof else [],
            "links": list(proof.links) if proof else [],
            "native": proof.native if proof else "",
        }
        severity = priority(told.kind, approval, told.at_ns, told.categories)
        sentence = printable(sentences.device_event(told.kind, about))
        await self._publish(
            events.EventRow(told.kind, severity, device, place, told.episode, told.at_ns, self.now_ns, sentence, canonical(body))
        )

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


def _split(name: str) -> tuple[str, str]:
    kind, _, value = name.partition(":")
    return kind, value


def _key(kind: str, value: str) -> DeviceKey:
    return DeviceKey(cast("KeyKind", kind), value)


def _standing(row: stored.PresenceRow) -> Standing:
    return Standing(cast("Presence", row.state), row.episode, row.since_ns, row.seen_ns)


def _presence_row(device: str, place: str, standing: Standing) -> stored.PresenceRow:
    return stored.PresenceRow(device, place, standing.state, standing.episode, standing.since_ns, standing.seen_ns)


def _described(row: stored.DeviceRow, seen: Device) -> stored.DeviceRow:
    """Return the row with what a sighting says; what it does not say stays."""
    return replace(
        row,
        device_class=seen.device_class if seen.device_class != "unknown" else row.device_class,
        vendor=printable(seen.vendor or row.vendor, 128),
        product=printable(seen.product or row.product, 128),
        possible=printable(seen.possible or row.possible, 128),
        issuer=printable(seen.issuer or row.issuer, 512),
        confidence=seen.confidence,
    )


def _run(one: paths.StoredRun, findings: dict[int, Finding | None], category: dict[str, Category], clean: dict[int, int]) -> Run:
    finding = findings.get(one.id)
    return Run(
        id=one.id,
        path=Path(one.agent, one.target, one.route),
        verdict=cast("Verdict", one.verdict),
        ours=one.id in findings,
        first_ns=one.first_ns,
        last_ns=one.last_ns,
        rounds=one.rounds,
        deterministic=finding.deterministic if finding else False,
        category=category.get(one.target, "Default"),
        clean_before=clean.get(one.id, 0),
    )


def _proof(told: Told, runs: Iterable[Run], findings: dict[int, Finding | None]) -> Finding | None:
    """Return the finding that says it best: of the runs told of or, when it left, of the newest sighting before."""
    told_of = told.runs if told.kind != "left" else sorted((run for run in runs if run.sighting), key=lambda run: -run.first_ns)
    found = [finding for run in told_of if (finding := findings.get(run.id)) is not None]
    if told.kind == "left":
        return found[0] if found else None
    return max(found, key=lambda finding: finding.device.confidence if finding.device else 0.0, default=None)
