"""Notes and acts of devices as rows."""

from dataclasses import replace

from server.state import device_notes as notes
from server.state.database import Database
from server.state.device_notes import AuditRow, NoteRow


async def test_a_note_is_there_and_changes(database: Database) -> None:
    """Who has none gets an empty one; a stored one is changed whole."""
    async with database.writing() as transaction:
        assert await notes.load(transaction, ["d-1"]) == {"d-1": NoteRow("d-1")}
        for row in (NoteRow("d-1", "device", 1, owner="ann"), NoteRow("d-1", "device", 2, contact="bob")):
            await notes.store(database, transaction, row)
        await notes.lock(transaction, "d-1")
        assert (await notes.load(transaction, ["d-1"]))["d-1"] == NoteRow("d-1", "device", 2, contact="bob")


async def test_two_devices_that_are_one_keep_what_was_said(database: Database) -> None:
    """Acts move, the revision rises above both, and what the one that stays does not say is taken from the other."""
    async with database.writing() as transaction:
        await notes.store(database, transaction, NoteRow("old", "unknown", 3, owner="ann"))
        await notes.store(database, transaction, NoteRow("young", "device", 5, owner="bob", contact="c"))
        acts = [AuditRow(name, at_ns, "ann", "approve", "{}") for at_ns, name in enumerate(("old", "young"))]
        for act in acts:
            await notes.audit(transaction, act)
        await notes.merge(database, transaction, "old", "young")
        assert (await notes.load(transaction, ["old"]))["old"] == NoteRow("old", "device", 6, owner="ann", contact="c")
        assert (await notes.load(transaction, ["young"]))["young"] == NoteRow("young")
        assert await notes.audited(transaction, "old") == [replace(act, device="old") for act in reversed(acts)]
