"""The end of approvals: told once, at its time, and the device is undecided then."""

from server.state import device_notes as notes
from server.state import devices as stored
from server.state.database import Database
from server.state.devices import DeviceRow
from server.watcher.approvals import Approvals, sentence
from server.watcher.device_acts import Decision, Desk
from server.watcher.leading import Leadership
from tests.fakes import sightings
from tests.fakes.sightings import DAY, START


async def test_an_approval_ends_once(database: Database) -> None:
    """Not a moment before; then once, however often anybody looks; given anew, it ends again."""
    clock = [START]
    lead = Leadership(database, "w", lambda: clock[0])
    await lead.lead()
    async with database.writing() as transaction:
        await stored.add(transaction, DeviceRow("d", vendor="Zscaler"))
    for _ in range(2):
        async with database.writing() as transaction:
            await Desk(database, transaction, "ann", clock[0]).decide("d", Decision("approve", clock[0] + DAY))
        clock[0] += DAY - 1
        await lead.lead()
        await Approvals().step(lead)
        async with database.reading() as transaction:
            assert (await stored.load(transaction, ["d"]))["d"].disposition == "approved"
        clock[0] += 1
        for _ in range(2):
            await Approvals().step(lead)
    assert [(kind, severity) for kind, _, _, severity in await sightings.told(database)] == [("approval-lapsed", "P4")] * 2
    async with database.reading() as transaction:
        assert (await stored.load(transaction, ["d"]))["d"].disposition == "undecided"
        assert [one.act for one in await notes.audited(transaction, "d")] == ["lapse", "approve"] * 2


def test_what_it_says() -> None:
    """Whose, of what, for what, by whom, when, and what follows."""
    row = DeviceRow("d", vendor="Zscaler", disposed_by="ann", disposed_until_ns=START, disposed_categories="Allow,Optimize")
    assert sentence(row).startswith("The approval of Zscaler for Allow, Optimize, given by ann, ended on 2026-11-18 11:06 UTC.")
