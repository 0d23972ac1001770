"""Entries of sites: what is written is read, every change is seen by all, nobody overwrites what they have not seen, nothing is lost."""

import asyncio

import pytest

from server.fleet.entries import Entry
from server.fleet.hours import BusinessHours
from server.fleet.registry import EgressRange, Place
from server.state import sites
from server.state.database import Database
from server.state.sites import ABSENT, Conflict, Stored

WAYS = (EgressRange("203.0.113.0/24", "Fibre"), EgressRange("198.51.100.0/24", ""))
FULL = Entry(
    "Lyon",
    Place(45.76, 4.84),
    "Europe/Paris",
    "1 Rue",
    "South",
    "Ana",
    "high",
    BusinessHours((5,), 0, 60),
    ("10.2.0.0/24", "10.1.0.0/24"),
    WAYS,
    "csv",
)


async def write(database: Database, entry: Entry | None, made_from: int, name: str = "Lyon", by: str = "ana") -> dict[str, int]:
    """Write one entry at 1000."""
    async with database.writing() as connection:
        return await sites.write(database, connection, {name: (entry, made_from)}, 1000, by)


async def read(database: Database) -> tuple[int, dict[str, Stored]]:
    """Return the version and all entries."""
    async with database.reading() as connection:
        return await sites.version(connection), await sites.load(connection)


@pytest.mark.parametrize("entry", [FULL, Entry("Lyon"), Entry("Lyon", subnets=(), egress=())], ids=["all", "nothing", "empty lists"])
async def test_what_is_written_is_read(database: Database, entry: Entry) -> None:
    """Also what is not said, and lists in their order."""
    revisions = await write(database, entry, ABSENT)
    assert await read(database) == (1, {"Lyon": Stored(entry, revisions["Lyon"], 1000, "ana")})
    async with database.reading() as connection:
        assert (await sites.fetch(connection, "Lyon"), await sites.fetch(connection, "Faro")) == (Stored(entry, 1, 1000, "ana"), None)


async def test_a_change_names_what_it_changes(database: Database) -> None:
    """From an older revision, of one that is not there, or anew of one that is: refused with how it is, and nothing is changed."""
    first = (await write(database, FULL, ABSENT))["Lyon"]
    second = (await write(database, Entry("Lyon"), first, by="rui"))["Lyon"]
    for made_from in (ABSENT, first, 77):
        with pytest.raises(Conflict, match=f"changed by rui and has revision {second}") as told:
            await write(database, FULL, made_from)
        assert told.value.now == Stored(Entry("Lyon"), second, 1000, "rui")
    with pytest.raises(Conflict, match="Faro has no entry any more"):
        await write(database, None, 5, "Faro")
    assert await read(database) == (second, {"Lyon": Stored(Entry("Lyon"), second, 1000, "rui")})


async def test_of_two_at_once_one_is_told(database: Database) -> None:
    """Whoever is second gets the conflict, on both databases; what the first wrote stands."""
    first = (await write(database, FULL, ABSENT))["Lyon"]
    names = ("ana", "rui", "eva")
    told = await asyncio.gather(*[write(database, Entry("Lyon", owner=by), first, by=by) for by in names], return_exceptions=True)
    won = [by for by, one in zip(names, told, strict=True) if isinstance(one, dict)]
    assert (len(won), sum(isinstance(one, Conflict) for one in told)) == (1, 2)
    assert (await read(database))[1]["Lyon"].entry.owner == won[0]


async def test_deleted_is_kept_beside_and_its_revision_is_not_used_again(database: Database) -> None:
    """An ETag of before never fits what is made anew; what was entered can be read for ever, with who ended it."""
    first = (await write(database, FULL, ABSENT))["Lyon"]
    await write(database, None, first, by="rui")
    assert (await read(database))[1] == {}
    third = (await write(database, Entry("Lyon"), ABSENT))["Lyon"]
    assert third > first
    async with database.reading() as connection:
        ((revision, body),) = await sites.before(connection, "Lyon")
    assert (revision, body["owner"], body["subnets"], body["egress"][0]) == (
        first,
        "Ana",
        ["10.2.0.0/24", "10.1.0.0/24"],
        {"prefix": "203.0.113.0/24", "circuit": "Fibre"},
    )
