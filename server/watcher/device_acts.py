"""What people do with devices: acknowledge, approve, withdraw, retire, describe, enter by hand. The API and the command line call these.

Every act is checked by the tables of `devices.py`, needs the revision that was looked at, raises it, and leaves an audit row; all in the
caller's transaction, so that of two people who act at once the second is told.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal, cast, get_args

from server.state import device_notes as notes
from server.state import devices as stored
from server.state import endpoints, paths
from server.state.database import Database, Transaction
from server.state.device_notes import AuditRow, NoteRow
from server.state.devices import DeviceRow, PresenceRow
from server.watcher.devices import DISPOSITION, SILENT_NS, Act
from server.watcher.telling import printable
from wire.codec import content_id
from wire.vocabulary import Category, DeviceClass, Disposition

Deployment = Literal["", "on-premises", "sse-cloud", "iaas", "azure", "endpoint"]
Decrypting = Literal["", "yes", "no"]
DEPLOYMENTS: tuple[Deployment, ...] = get_args(Deployment)
CATEGORIES: tuple[str, ...] = get_args(Category)
DEVICE_CLASSES: tuple[str, ...] = get_args(DeviceClass)
LONGEST = {"owner": 256, "contact": 256, "note": 4000, "version": 64, "deployment": 16, "decrypting": 4}
"""Characters of each word people say of a device: its column, or a screen of text."""


class Refused(Exception):  # noqa: N818 - an answer
    """What was asked cannot be; the text says where and what to do. Nothing was changed."""


class NoSuchDevice(Refused):
    """There is no such device."""


class Stale(Refused):
    """Somebody acted since; `revision` stands now."""

    def __init__(self, device: str, revision: int) -> None:
        super().__init__(
            f"device {device}: it has changed since you looked (revision {revision} now); look again and repeat what you meant"
        )
        self.revision = revision


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides: `until_ns` 0 is without end, no `categories` are all; both are for an approval only."""

    act: Act
    until_ns: int = 0
    categories: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A device entered by a person, for what no probe detects: a disclosure must name it all the same."""

    device_class: DeviceClass
    vendor: str
    product: str = ""
    places: tuple[str, ...] = ()
    said: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """One transaction in which `who` acts at `now_ns`."""

    database: Database
    transaction: Transaction
    who: str
    now_ns: int

    async def look(self, device: str, expected: int | None) -> tuple[DeviceRow, NoteRow]:
        """Return a device and its note, held against others. `expected`: the revision looked at, None for any. Raises Refused."""
        if not self.who.strip():
            raise Refused("by: nobody is named; say who decides, it is written down")
        await notes.lock(self.transaction, device)
        row = (await stored.load(self.transaction, [device])).get(device)
        if row is None:
            raise NoSuchDevice(f"device {device!r}: there is none; list them to see their ids (two that turned out to be one keep one id)")
        note = (await notes.load(self.transaction, [device]))[device]
        if expected is not None and expected != note.revision:
            raise Stale(device, note.revision)
        return row, note

    async def decide(self, device: str, decision: Decision, expected: int | None = None) -> NoteRow:
        """Acknowledge, approve or withdraw. An approval given anew replaces the one before. Raises Refused."""
        row, note = await self.look(device, expected)
        before = cast("Disposition", row.disposition)
        after = DISPOSITION[before].get(decision.act)
        if decision.act == "approve" and before == "approved":
            after = "approved"
        if after is None:
            raise Refused(f"device {device}: it is {before}, which {decision.act} does not change")
        self._check(decision)
        wide = decision.act == "approve"
        disposed = replace(
            row,
            disposition=after,
            disposed_by=printable(self.who, 128),
            disposed_until_ns=decision.until_ns if wide else 0,
            disposed_categories=",".join(sorted(set(decision.categories))) if wide else "",
        )
        await stored.dispose_as(self.transaction, device, disposed)
        detail = {"before": before, "after": after, "until_ns": disposed.disposed_until_ns, "categories": disposed.disposed_categories}
        return await self._written(note, decision.act, detail | {"reason": decision.reason})

    async def retire(self, device: str, reason: str = "", expected: int | None = None) -> NoteRow:
        """Say that a device is gone for good. Raises Refused while it is still seen: only evidence may keep or bring it back."""
        _, note = await self.look(device, expected)
        rows = await stored.presences(self.transaction, [device])
        keys = (await stored.keys_of(self.transaction, [device]))[device]
        names = [f"{kind}:{value}" for kind, value in keys]
        seen = await paths.places_seen_since(self.transaction, names, self.now_ns - SILENT_NS)
        if seen:
            raise Refused(f"device {device}: it is seen at {', '.join(seen[:3])} within the hour; approve it, or retire it once it is gone")
        for one in rows:
            if one.state != "retired":
                gone = PresenceRow(device, one.place, "retired", one.episode, self.now_ns, one.seen_ns)
                await stored.place_at(self.database, self.transaction, gone)
        for machine in await endpoints.presences(self.transaction, [device]):
            await endpoints.place_on(self.database, self.transaction, replace(machine, state="retired", since_ns=self.now_ns))
        return await self._written(note, "retire", {"places": [one.place for one in rows], "reason": reason})

    async def describe(self, device: str, said: Mapping[str, str], expected: int | None = None) -> NoteRow:
        """Write down what people know of a device: owner, contact, note, deployment, decrypting, version. Raises Refused."""
        _, note = await self.look(device, expected)
        checked = checked_words(said)
        before = {name: value for name, value in asdict(note).items() if name in checked}
        return await self._written(replace(note, **checked), "describe", {"before": before, "after": checked})  # type: ignore[arg-type]

    async def enter(self, entry: Entry) -> NoteRow:
        """Enter a device by hand, present at its places from now on until somebody retires it. Raises Refused."""
        if not self.who.strip():
            raise Refused("by: nobody is named; say who enters it, it is written down")
        if entry.device_class not in DEVICE_CLASSES:
            raise Refused(f"class: {entry.device_class!r} is none; write one of {', '.join(DEVICE_CLASSES)}")
        if not entry.vendor.strip():
            raise Refused("vendor: is empty; write the maker's name, or your own if it is home-made")
        device = f"m-{content_id(f'{entry.vendor}|{entry.product}|{entry.places}|{self.now_ns}'.encode())}"
        vendor, product = printable(entry.vendor, 128), printable(entry.product, 128)
        row = DeviceRow(device, entry.device_class, vendor, product, first_seen_ns=self.now_ns, disposition="known")
        await stored.add(self.transaction, replace(row, disposed_by=printable(self.who, 128)))
        for place in entry.places:
            await stored.place_at(self.database, self.transaction, PresenceRow(device, place, "present", 1, self.now_ns, self.now_ns))
        note = NoteRow(device, scope="device", manual=True, **checked_words(entry.said or {}))  # type: ignore[arg-type]
        return await self._written(note, "enter", {"places": list(entry.places), "vendor": vendor, "product": product})

    def _check(self, decision: Decision) -> None:
        if decision.act != "approve" and (decision.until_ns or decision.categories):
            raise Refused(f"until, categories: only an approval has them; leave them out of {decision.act}")
        if decision.until_ns and decision.until_ns <= self.now_ns:
            raise Refused("until: is in the past; write a later time, or leave it out for an approval without end")
        if unknown := sorted(set(decision.categories) - set(CATEGORIES)):
            raise Refused(f"categories: {', '.join(unknown)} is none; write of {', '.join(CATEGORIES)}")

    async def _written(self, note: NoteRow, act: str, detail: Mapping[str, object]) -> NoteRow:
        after = replace(note, revision=note.revision + 1)
        await notes.store(self.database, self.transaction, after)
        text = printable(json.dumps(detail, sort_keys=True), 8000)
        await notes.audit(self.transaction, AuditRow(note.device, self.now_ns, printable(self.who, 128), act, text))
        return after


def checked_words(said: Mapping[str, str]) -> dict[str, str]:
    """Return what people say, as columns take it. Raises Refused with the place and the remedy."""
    for name, value in said.items():
        if name not in LONGEST:
            raise Refused(f"{name}: there is no such word; write of {', '.join(LONGEST)}")
        if len(value) > LONGEST[name]:
            raise Refused(f"{name}: is longer than {LONGEST[name]} characters; shorten it")
    for name, known in (("deployment", DEPLOYMENTS), ("decrypting", get_args(Decrypting))):
        if said.get(name, "") not in known:
            raise Refused(f"{name}: {said[name]!r} is none; write one of {', '.join(filter(None, known))}, or nothing for not known")
    return {name: printable(value) for name, value in said.items()}
