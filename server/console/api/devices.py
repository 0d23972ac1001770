"""Devices over the API: list, read, decide, describe, enter by hand. What may be decided is `server/watcher/device_acts.py`'s."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from pydantic import Field

from server.console.api.moments import Moment, moment, nanoseconds
from server.console.api.route import Answer, Call, Listing, PageQuery, Problem, Resource, Route, not_found, page_of
from server.state import device_notes as notes
from server.state import devices as stored
from server.state import endpoints
from server.state.database import Transaction
from server.watcher.device_acts import Decision, Decrypting, Deployment, Desk, Entry, NoSuchDevice, Refused, Stale
from server.watcher.devices import Act
from wire.vocabulary import Category, DeviceClass, Disposition, Presence

LONGEST_BY = 128


class Where(Resource):
    """Where a device stands: a site, `remote`, or `endpoints` for what runs on machines; since when, and when it was last seen."""

    place: str
    state: Presence
    episode: int
    since: Moment
    seen: Moment


class Machine(Resource):
    """One machine a product runs on."""

    agent: str
    state: Presence
    since: Moment
    seen: Moment


class DeviceShort(Resource):
    """One device in a list. Empty words are not known."""

    id: str
    device_class: DeviceClass
    vendor: str
    product: str
    possible: str
    issuer: str
    confidence: float
    first_seen: Moment
    disposition: Disposition
    disposed_by: str
    approved_until: Moment | None
    approved_categories: list[str]
    manual: bool
    present_at: list[str]


class Device(DeviceShort):
    """One device with all that is known and said of it."""

    keys: list[str]
    scope: str
    places: list[Where]
    machines: list[Machine]
    owner: str
    contact: str
    note: str
    deployment: Deployment
    decrypting: Decrypting
    version: str
    revision: int


class Audited(Resource):
    """One act: who, when, what, with what it was before and after."""

    at: Moment
    by: str
    act: str
    detail: dict[str, Any]


class DeviceQuery(PageQuery):
    """Which devices: empty is any. `state` is at the place named, or anywhere."""

    disposition: Literal["", "undecided", "known", "approved"] = ""
    place: str = Field("", max_length=256)
    state: Literal["", "candidate", "present", "absent", "retired"] = ""


class By(Resource):
    """Who acts, and why."""

    by: str = Field(min_length=1, max_length=LONGEST_BY)
    reason: str = Field("", max_length=1000)


class Approval(By):
    """An approval: until when (without it: without end), for which categories (none: all)."""

    until: Moment | None = None
    categories: list[Category] = Field(default_factory=list)


class Words(Resource):
    """What people know of a device; what is left out stays as it is, an empty word forgets it."""

    by: str = Field(min_length=1, max_length=LONGEST_BY)
    owner: str | None = Field(None, max_length=256)
    contact: str | None = Field(None, max_length=256)
    note: str | None = Field(None, max_length=4000)
    deployment: Deployment | None = None
    decrypting: Decrypting | None = None
    version: str | None = Field(None, max_length=64)


class Entered(Words):
    """A device no probe detects, entered by a person, at its sites."""

    device_class: DeviceClass
    vendor: str = Field(min_length=1, max_length=128)
    product: str = Field("", max_length=128)
    places: list[str] = Field([], max_length=1000)


async def listed(call: Call) -> Answer:
    """List devices by id."""
    asked = call.asked(DeviceQuery)
    wanted = stored.Wanted(asked.disposition, asked.place, asked.state, asked.after)
    async with call.means.database.reading() as transaction:
        rows = await stored.listed(transaction, wanted, asked.limit + 1)
        ids = [row.id for row in rows]
        said = await notes.load(transaction, ids)
        present: dict[str, list[str]] = {one: [] for one in ids}
        for where in await stored.presences(transaction, ids):
            if where.state == "present":
                present[where.device].append(where.place)
    found = [DeviceShort(**_short(row, said[row.id], present[row.id])) for row in rows]
    return Answer(page_of(found, asked.limit, lambda one: one.id))


async def shown(call: Call) -> Answer:
    """Show one device."""
    async with call.means.database.reading() as transaction:
        return await _answer(transaction, call.names["id"])


async def audited(call: Call) -> Answer:
    """List what was decided about a device, newest first."""
    name = call.names["id"]
    async with call.means.database.reading() as transaction:
        if not await stored.load(transaction, [name]):
            raise _unknown(name)
        rows = await notes.audited(transaction, name)
    items = [Audited(at=moment(row.at_ns), by=row.who, act=row.act, detail=json.loads(row.detail)) for row in rows]
    return Answer(Listing[Audited](items=items))


def _decides(act: Act) -> Callable[[Call], Awaitable[Answer]]:
    async def decide(call: Call) -> Answer:
        if act == "approve":
            given = call.given(Approval)
            decision = Decision(act, nanoseconds(given.until), tuple(given.categories), given.reason)
            return await _act(call, given.by, lambda desk, name: desk.decide(name, decision))
        by = call.given(By)
        return await _act(call, by.by, lambda desk, name: desk.decide(name, Decision(act, reason=by.reason)))

    return decide


async def retired(call: Call) -> Answer:
    """Say that a device is gone for good."""
    given = call.given(By)
    return await _act(call, given.by, lambda desk, name: desk.retire(name, given.reason))


async def described(call: Call) -> Answer:
    """Write down what people know of a device."""
    given = call.given(Words)
    return await _act(call, given.by, lambda desk, name: desk.describe(name, _words(given)))


async def entered(call: Call) -> Answer:
    """Enter a device by hand."""
    given = call.given(Entered)
    entry = Entry(given.device_class, given.vendor, given.product, tuple(dict.fromkeys(given.places)), _words(given))
    async with call.means.database.writing() as transaction:
        try:
            note = await Desk(call.means.database, transaction, given.by, call.means.now()).enter(entry)
        except Refused as refused:
            raise Problem(422, "Refused", str(refused)) from None
        answer = await _answer(transaction, note.device)
    return Answer(answer.content, 201, answer.revision, headers={"Location": f"/api/v1/devices/{note.device}"})


async def _act(call: Call, by: str, act: Callable[[Desk, str], Awaitable[notes.NoteRow]]) -> Answer:
    """Act within one transaction, guarded by If-Match, and answer with the device as it is then."""
    name = call.names["id"]
    async with call.means.database.writing() as transaction:
        desk = Desk(call.means.database, transaction, by, call.means.now())
        try:
            _, note = await desk.look(name, None)
            call.expect(note.revision, f"device {name}")
            await act(desk, name)
        except NoSuchDevice:
            raise _unknown(name) from None
        except Stale as stale:
            raise Problem(412, "It has changed", str(stale)) from None
        except Refused as refused:
            raise Problem(409, "Refused", str(refused)) from None
        return await _answer(transaction, name)


async def _answer(transaction: Transaction, name: str) -> Answer:
    row = (await stored.load(transaction, [name])).get(name)
    if row is None:
        raise _unknown(name)
    note = (await notes.load(transaction, [name]))[name]
    places = await stored.presences(transaction, [name])
    machines = await endpoints.presences(transaction, [name])
    keys = (await stored.keys_of(transaction, [name]))[name]
    times = [
        Where(place=one.place, state=one.state, episode=one.episode, since=moment(one.since_ns), seen=moment(one.seen_ns)) for one in places
    ]
    found = Device(
        **_short(row, note, [one.place for one in places if one.state == "present"]),
        keys=sorted(f"{kind}:{value}" for kind, value in keys),
        scope=note.scope,
        places=times,
        machines=[Machine(agent=one.agent, state=one.state, since=moment(one.since_ns), seen=moment(one.seen_ns)) for one in machines],
        owner=note.owner,
        contact=note.contact,
        note=note.note,
        deployment=note.deployment,
        decrypting=note.decrypting,
        version=note.version,
        revision=note.revision,
    )
    return Answer(found, revision=note.revision)


def _short(row: stored.DeviceRow, note: notes.NoteRow, present: list[str]) -> dict[str, Any]:
    same = ("id", "device_class", "vendor", "product", "possible", "issuer", "confidence", "disposition", "disposed_by")
    return {name: getattr(row, name) for name in same} | {
        "first_seen": moment(row.first_seen_ns),
        "approved_until": moment(row.disposed_until_ns) if row.disposed_until_ns else None,
        "approved_categories": [one for one in row.disposed_categories.split(",") if one],
        "manual": note.manual,
        "present_at": present,
    }


def _words(given: Words) -> dict[str, str]:
    names = ("owner", "contact", "note", "deployment", "decrypting", "version")
    return {name: value for name in names if (value := getattr(given, name)) is not None}


def _unknown(name: str) -> Problem:
    return not_found("device", name, "GET /devices lists them (two that turned out to be one keep one id).")


ROUTES = (
    Route("GET", "/devices", listed, "List devices.", Listing[DeviceShort], query=DeviceQuery),
    Route("POST", "/devices", entered, "Enter a device no probe detects.", Device, body=Entered, status=201),
    Route("GET", "/devices/{id}", shown, "Show one device.", Device),
    Route("PATCH", "/devices/{id}", described, "Write down what people know of a device.", Device, body=Words, changes=True),
    Route("GET", "/devices/{id}/audit", audited, "List who decided what about a device.", Listing[Audited]),
    Route("POST", "/devices/{id}/acknowledge", _decides("acknowledge"), "Say that a device is known.", Device, body=By, changes=True),
    Route("POST", "/devices/{id}/approve", _decides("approve"), "Approve a device.", Device, body=Approval, changes=True),
    Route("POST", "/devices/{id}/withdraw", _decides("withdraw"), "Take a decision back.", Device, body=By, changes=True),
    Route("POST", "/devices/{id}/retire", retired, "Say that a device is gone for good.", Device, body=By, changes=True),
)
