"""What people do with devices: each act with its audit row, what is refused, and two who act at once."""

import json
import re
from typing import Any

import pytest

from server.state import device_notes as notes
from server.state import devices as stored
from server.state import endpoints
from server.state.database import Database
from server.state.devices import DeviceRow, PresenceRow
from server.watcher.device_acts import Decision, Desk, Entry, Refused, Stale
from server.watcher.watcher import Watcher
from tests.fakes import sightings
from tests.fakes.sightings import DAY, HOST, HOUR, START, Rounds, device

NOW = START + DAY


async def with_device(database: Database) -> None:
    """Store one device that stands at Lyon and has left Porto, on one machine too."""
    async with database.writing() as transaction:
        await stored.add(transaction, DeviceRow("d", vendor="Zscaler"))
        for place, state in (("Lyon", "absent"), ("Porto", "absent")):
            await stored.place_at(database, transaction, PresenceRow("d", place, state, 1, START, START))
        await endpoints.place_on(database, transaction, endpoints.EndpointRow("d", "a", "absent", 1, START, START))


async def act(database: Database, name: str, *arguments: Any, who: str = "ann", now_ns: int = NOW, **more: Any) -> notes.NoteRow:
    """Do one act in a transaction of its own."""
    async with database.writing() as transaction:
        found: notes.NoteRow = await getattr(Desk(database, transaction, who, now_ns), name)(*arguments, **more)
        return found


async def row_of(database: Database, name: str = "d") -> DeviceRow:
    """Return the device."""
    async with database.reading() as transaction:
        return (await stored.load(transaction, [name]))[name]


async def test_each_act_is_written_down(database: Database) -> None:
    """Approved until a day for a category, acknowledged, withdrawn: the row says so, the revision rises, the audit keeps all of it."""
    await with_device(database)
    await act(database, "decide", "d", Decision("approve", NOW + DAY, ("Optimize",), "change 42"), 0)
    row = await row_of(database)
    assert (row.disposition, row.disposed_by, row.disposed_until_ns, row.disposed_categories) == ("approved", "ann", NOW + DAY, "Optimize")
    await act(database, "decide", "d", Decision("acknowledge"), 1)
    row = await row_of(database)
    assert (row.disposition, row.disposed_until_ns, row.disposed_categories) == ("known", 0, "")
    assert (await act(database, "decide", "d", Decision("withdraw"), who="bob")).revision == 3
    async with database.reading() as transaction:
        audited = await notes.audited(transaction, "d")
    assert [(one.who, one.act) for one in audited] == [("bob", "withdraw"), ("ann", "acknowledge"), ("ann", "approve")]
    assert json.loads(audited[-1].detail)["reason"] == "change 42"


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("decide", ("none", Decision("approve")), "device 'none': there is none"),
        ("decide", ("d", Decision("withdraw")), "it is undecided, which withdraw does not change"),
        ("decide", ("d", Decision("approve", NOW)), "until: is in the past"),
        ("decide", ("d", Decision("approve", 0, ("Optimise",))), "categories: Optimise is none"),
        ("decide", ("d", Decision("acknowledge", NOW + DAY)), "only an approval has them"),
        ("describe", ("d", {"colour": "red"}), "colour: there is no such word"),
        ("describe", ("d", {"deployment": "moon"}), "deployment: 'moon' is none; write one of on-premises"),
        ("describe", ("d", {"owner": "x" * 300}), "owner: is longer than 256 characters"),
        ("enter", (Entry("toaster", "ACME"),), "class: 'toaster' is none"),  # type: ignore[arg-type]
        ("enter", (Entry("swg", " "),), "vendor: is empty"),
    ],
)
async def test_what_is_refused(database: Database, name: str, arguments: tuple[Any, ...], told: str) -> None:
    """Each with place and remedy, and nothing is changed."""
    await with_device(database)
    before = await row_of(database)
    with pytest.raises(Refused, match=re.escape(told)):
        await act(database, name, *arguments)
    assert await row_of(database) == before
    with pytest.raises(Refused, match="by: nobody is named"):
        await act(database, "enter", Entry("swg", "ACME"), who=" ")


async def test_the_second_of_two_is_told(database: Database) -> None:
    """Both looked at revision 0; the first is done, the second learns the revision now, and nothing of the first is overwritten."""
    await with_device(database)
    await act(database, "describe", "d", {"owner": "network team"}, 0)
    with pytest.raises(Stale) as stale:
        await act(database, "describe", "d", {"owner": "somebody"}, 0, who="bob")
    assert stale.value.revision == 1
    async with database.reading() as transaction:
        assert (await notes.load(transaction, ["d"]))["d"].owner == "network team"


async def test_what_is_gone_is_retired_and_comes_back_by_evidence_only(database: Database) -> None:
    """While it is seen it cannot be retired; gone, it is retired everywhere, stays so, and a new sighting makes it new."""
    rounds, clock = Rounds(database), [START]
    watcher = Watcher(database, None, "w", lambda: clock[0])
    box = sightings.finding(by=device("instance:1"))

    async def see(*seen: Any) -> None:
        for one in seen:
            clock[0] += 60 * 10**9
            await rounds.see("a", clock[0], {HOST: one})
            await watcher.step()

    await see("clean", "clean", box, box)
    ((name, _),) = await sightings.standing(database)
    with pytest.raises(Refused, match="seen at Frankfurt within the hour"):
        await act(database, "retire", name, now_ns=clock[0])
    await see("clean", "clean")
    clock[0] += 2 * HOUR
    await act(database, "retire", name, "replaced", now_ns=clock[0])
    await watcher.step()
    assert list((await sightings.standing(database)).values()) == [("retired", 1)]
    await see("clean", box, box)
    assert [one[:3] for one in await sightings.told(database)][-1] == ("appeared", "Frankfurt", 2)


async def test_a_device_entered_by_hand(database: Database) -> None:
    """Known, present at its sites, with what is known of it; the watcher leaves it alone; its enterer can retire it."""
    said = {"owner": "web team", "deployment": "sse-cloud", "decrypting": "no"}
    note = await act(database, "enter", Entry("casb", "ACME", "Cloud", ("Lyon",), said))
    row = await row_of(database, note.device)
    assert (row.disposition, row.vendor, row.device_class, note.manual, note.deployment) == ("known", "ACME", "casb", True, "sse-cloud")
    watcher = Watcher(database, None, "w", lambda: NOW + 100 * DAY)
    await watcher.step()
    assert await sightings.standing(database) == {(note.device, "Lyon"): ("present", 1)}
    async with database.reading() as transaction:
        assert set(await notes.spoken(transaction)) == {note.device}
    await act(database, "retire", note.device)
    assert await sightings.standing(database) == {(note.device, "Lyon"): ("retired", 1)}
