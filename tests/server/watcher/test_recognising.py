"""Devices as sightings make, extend and merge them."""

from server.state import device_notes as notes
from server.state import devices as stored
from server.state import paths
from server.state.database import Database
from server.watcher.recognising import Recognition, key_of, split
from tests.fakes import sightings
from tests.fakes.sightings import HOST, MINUTE, START, Rounds, device


async def recognise(database: Database, *agents_keys: tuple[str, tuple[str, ...]], scope: str = "tenant") -> list[stored.DeviceRow]:
    """Let agents see a device by these keys, one after the other; return all devices."""
    rounds = Rounds(database)
    for number, (agent, keys) in enumerate(agents_keys):
        seen = sightings.finding(by=device(*keys, scope=scope))  # type: ignore[arg-type]
        await rounds.see(agent, START + number * MINUTE, {HOST: seen})
        async with database.writing() as transaction:
            for run in await paths.by_id(transaction, range(1, 99)):
                await Recognition(database, transaction).see(run)
    async with database.reading() as transaction:
        return await stored.listed(transaction, stored.Wanted(), 99)


async def test_a_decision_survives_a_merge(database: Database) -> None:
    """Two devices that are one, one of them approved by ann until a day: the one that stays is approved, with her name and day."""
    first = await recognise(database, ("a", ("instance:1",)), ("b", ("instance:2",)))
    assert len(first) == 2
    young = max(first, key=lambda one: one.first_seen_ns)
    async with database.writing() as transaction:
        approved = stored.DeviceRow(young.id, disposition="approved", disposed_by="ann", disposed_until_ns=9)
        await stored.dispose_as(transaction, young.id, approved)
    (kept,) = await recognise(database, ("c", ("instance:1", "instance:2")))
    assert (kept.disposition, kept.disposed_by, kept.disposed_until_ns) == ("approved", "ann", 9)


async def test_what_keys_are_unique_to_is_kept(database: Database) -> None:
    """The scope is the note's from the first sighting on."""
    (row,) = await recognise(database, ("a", ("product:eset", "instance:1")), ("b", ("product:eset", "instance:2")), scope="endpoint")
    async with database.reading() as transaction:
        assert (await notes.load(transaction, [row.id]))[row.id].scope == "endpoint"


def test_keys_as_runs_hold_them() -> None:
    """The first colon parts kind and value."""
    assert split("header:token a:b") == ("header", "token a:b")
    assert key_of("instance:1").kind == "instance"
