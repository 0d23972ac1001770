"""Makes, extends and merges devices from what sightings say of them, in one transaction. Which is which is `identity.py`'s to decide."""

from collections.abc import Collection
from dataclasses import replace
from typing import cast

from judge.finding import Device, DeviceKey, KeyKind
from server.state import device_notes as notes
from server.state import devices as stored
from server.state import endpoints, paths
from server.state.database import Database, Transaction
from server.watcher.devices import Standing, join
from server.watcher.findings import read
from server.watcher.identity import FIRM, Choice, Owner, choose, is_same_post
from server.watcher.telling import printable
from server.watcher.turns import CONCLUSIVE, SIGHTINGS
from wire.vocabulary import Presence


class Recognition:
    """What one transaction's sightings are of."""

    def __init__(self, database: Database, transaction: Transaction) -> None:
        self._database = database
        self._transaction = transaction
        self._seen: set[Device] = set()

    async def see(self, run: paths.StoredRun) -> None:
        """Make, extend or merge the device a sighting is about."""
        finding = read(run.finding) if run.verdict in SIGHTINGS and run.device_key else None
        seen = finding.device if finding else None
        if seen is None:
            return
        name = key_of(run.device_key)
        seen = replace(seen, keys=(name, *(key for key in seen.keys if key != name)))
        if seen in self._seen:  # one device at a site of 50 agents and 12 targets is 600 runs that say the same
            return
        self._seen.add(seen)
        choice = choose(seen, await self._owners(seen.keys))
        choice = await self._succession(choice, seen, run)
        if choice.new:
            await stored.add(self._transaction, described(stored.DeviceRow(choice.device, first_seen_ns=run.first_ns), seen))
            await notes.store(self._database, self._transaction, notes.NoteRow(choice.device, scope=seen.scope))
        else:
            await self._extend(choice, seen)
        await stored.attach(self._database, self._transaction, choice.device, [(key.kind, key.value) for key in choice.attach])

    async def _succession(self, choice: Choice, seen: Device, run: paths.StoredRun) -> Choice:
        """Return the choice, or the device that stood on the same path until now when this is the same one under a new key."""
        if not is_same_post(seen, seen) or (not choice.new and any(key.kind in FIRM for key in seen.keys)):
            return choice
        before = next((one for one in await paths.newest_before(self._transaction, run.id) if one.verdict in CONCLUSIVE), None)
        finding = read(before.finding) if before is not None and before.verdict in SIGHTINGS else None
        if before is None or finding is None or finding.device is None or not is_same_post(finding.device, seen):
            return choice
        owner = (await stored.owners(self._transaction, [split(before.device_key)])).get(split(before.device_key))
        if owner is None or owner == choice.device:
            return choice
        merge = () if choice.new else (choice.device, *choice.merge)
        return Choice(owner, new=False, merge=merge, attach=choice.attach)

    async def _owners(self, keys: Collection[DeviceKey]) -> dict[DeviceKey, Owner]:
        owned = await stored.owners(self._transaction, [(key.kind, key.value) for key in keys])
        if not owned:
            return {}
        rows = await stored.load(self._transaction, set(owned.values()))
        all_keys = await stored.keys_of(self._transaction, set(owned.values()))
        firm = {device: any(kind in FIRM for kind, _ in mine) for device, mine in all_keys.items()}
        return {
            DeviceKey(cast("KeyKind", key[0]), key[1]): Owner(device, rows[device].first_seen_ns, firm[device])
            for key, device in owned.items()
        }

    async def _extend(self, choice: Choice, seen: Device) -> None:
        for gone in choice.merge:
            await self._merge(choice.device, gone)
        row = (await stored.load(self._transaction, [choice.device]))[choice.device]
        after = described(row, seen)
        if seen.confidence > row.confidence and after != row:
            await stored.describe(self._transaction, after)
        note = (await notes.load(self._transaction, [choice.device]))[choice.device]
        if note.scope == "unknown" and seen.scope != "unknown":
            await notes.store(self._database, self._transaction, replace(note, scope=seen.scope))

    async def _merge(self, kept: str, gone: str) -> None:
        """Make two devices one: presences, notes, acts; and what people decided, where nobody has about the one that stays."""
        older = {row.place: row for row in await stored.presences(self._transaction, [kept])}
        for row in await stored.presences(self._transaction, [gone]):
            known = older.get(row.place)
            standing = join(standing_of(known), standing_of(row)) if known else standing_of(row)
            older[row.place] = presence_row(kept, row.place, standing)
        machines = {row.agent: row for row in await endpoints.presences(self._transaction, [kept])}
        for one in await endpoints.presences(self._transaction, [gone]):
            machines.setdefault(one.agent, replace(one, device=kept))
        both = await stored.load(self._transaction, [kept, gone])
        await endpoints.replace(self._transaction, [kept, gone], list(machines.values()))
        await notes.merge(self._database, self._transaction, kept, gone)
        await stored.merge(self._transaction, kept, gone, list(older.values()))
        if gone in both and both[kept].disposition == "undecided" != both[gone].disposition:
            await stored.dispose_as(self._transaction, kept, both[gone])


def split(name: str) -> tuple[str, str]:
    """Return kind and value of a device key as runs hold it."""
    kind, _, value = name.partition(":")
    return kind, value


def key_of(name: str) -> DeviceKey:
    """Return a device key as runs hold it."""
    kind, value = split(name)
    return DeviceKey(cast("KeyKind", kind), value)


def standing_of(row: stored.PresenceRow | endpoints.EndpointRow) -> Standing:
    """Return what a row says, for the machine."""
    return Standing(cast("Presence", row.state), row.episode, row.since_ns, row.seen_ns)


def presence_row(device: str, place: str, standing: Standing) -> stored.PresenceRow:
    """Return what the machine says, as a row."""
    return stored.PresenceRow(device, place, standing.state, standing.episode, standing.since_ns, standing.seen_ns)


def described(row: stored.DeviceRow, seen: Device) -> stored.DeviceRow:
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
