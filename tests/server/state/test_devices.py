"""Devices, keys and presences as rows."""

from server.state import devices
from server.state.database import Database
from server.state.devices import KEY_LENGTH, DeviceRow, PresenceRow

OLD, YOUNG = DeviceRow("d-old", first_seen_ns=1, vendor="Zscaler"), DeviceRow("d-young", first_seen_ns=2)


async def test_a_device_is_found_by_any_of_its_keys(database: Database) -> None:
    """A key that has an owner keeps it; a value longer than the column is found again."""
    long = ("product", "p" * (KEY_LENGTH + 20))
    async with database.writing() as transaction:
        await devices.add(transaction, OLD)
        await devices.attach(database, transaction, "d-old", [("instance", "1"), long])
        await devices.attach(database, transaction, "d-young", [("instance", "1"), ("instance", "2")])
        await devices.attach(database, transaction, "d-young", [])
        owned = await devices.owners(transaction, [("instance", "1"), ("instance", "2"), ("instance", "3"), long])
        keys = await devices.keys_of(transaction, ["d-young", "d-none"])
    assert owned == {("instance", "1"): "d-old", ("instance", "2"): "d-young", long: "d-old"}
    assert keys == {"d-young": [("instance", "2")], "d-none": []}


async def test_what_people_decided_is_left_alone(database: Database) -> None:
    """Describing a device changes what was seen, not its disposition."""
    known = DeviceRow("d-1", disposition="known", disposed_by="ann")
    async with database.writing() as transaction:
        await devices.add(transaction, known)
        await devices.describe(transaction, DeviceRow("d-1", vendor="Cato", confidence=0.9))
        (row,) = (await devices.load(transaction, ["d-1", "d-none"])).values()
    assert (row.vendor, row.confidence, row.disposition, row.disposed_by) == ("Cato", 0.9, "known", "ann")


async def test_merging_leaves_one(database: Database) -> None:
    """Keys move, the presences given are the only ones, the other device is gone."""
    async with database.writing() as transaction:
        for row, key in ((OLD, "1"), (YOUNG, "2")):
            await devices.add(transaction, row)
            await devices.attach(database, transaction, row.id, [("instance", key)])
            await devices.place_at(database, transaction, PresenceRow(row.id, "Lyon", "present", 1, 5, 6))
        joined = PresenceRow("d-old", "Lyon", "present", 2, 5, 6)
        await devices.merge(transaction, "d-old", "d-young", [joined])
        assert set(await devices.load(transaction, ["d-old", "d-young"])) == {"d-old"}
        assert sorted((await devices.keys_of(transaction, ["d-old"]))["d-old"]) == [("instance", "1"), ("instance", "2")]
        assert await devices.presences(transaction, ["d-old", "d-young"]) == [joined]


async def test_where_a_device_stands(database: Database) -> None:
    """A presence is stored, changed, found by place, and left out of the sweep when retired."""
    lyon, porto = PresenceRow("d-1", "Lyon", "candidate", 0, 1, 2), PresenceRow("d-1", "Porto", "retired", 1, 3, 4)
    async with database.writing() as transaction:
        for row in (lyon, porto, PresenceRow("d-1", "Lyon", "present", 1, 1, 9)):
            await devices.place_at(database, transaction, row)
        assert await devices.presences(transaction, ["d-1"], "Lyon") == [PresenceRow("d-1", "Lyon", "present", 1, 1, 9)]
        assert len(await devices.presences(transaction, ["d-1"])) == 2
        assert await devices.not_retired(transaction) == [("d-1", "Lyon")]
