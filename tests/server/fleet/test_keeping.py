"""What people do with sites at once: checked beside all others, on what they saw, and nothing entered is lost."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from server.config import Settings
from server.fleet import keeping
from server.fleet.entries import Entry
from server.fleet.importing import take
from server.fleet.keeping import Refused, Unknown
from server.fleet.registry import Place
from server.state import sites as stored
from server.state.database import Database
from server.state.sites import Conflict

SETTINGS = Settings.model_validate(
    {
        "broker": {"url": "mqtt://127.0.0.1:1883"},
        "history": {"kind": "embedded"},
        "sites": {"Lyon": {"latitude": 45.76, "longitude": 4.84, "zone": "Europe/Paris"}},
    }
)
FILE = b"userEntered,Name,Address,Latitude,Longitude,LanIps\n1,Lyon,Rue,,,10.1.0.0/24\n1,Faro,,99,0,\n1,Porto,,41,-8,10.2.0.0/24\n"


async def enter(database: Database, name: str, made_from: int = 0, **said: object) -> int:
    """Enter fields of a site; return the revision."""

    def edit(entry: Entry) -> Entry:
        return replace(entry, **said)  # type: ignore[arg-type]

    return (await keeping.enter(database, SETTINGS, name, edit, made_from, 5, "ana")).revision


async def test_entering_and_taking_back(database: Database) -> None:
    """What is said stands over the configuration, which applies again when it is taken back."""
    first = await enter(database, "Lyon", owner="Ana")
    known = await keeping.one_site(database, SETTINGS, "Lyon")
    assert (known.site.owner, known.site.zone, known.revision) == ("Ana", "Europe/Paris", first)
    second = await enter(database, "Lyon", first, region="South")
    assert (await keeping.one_site(database, SETTINGS, "Lyon")).site.owner == "Ana"
    left = await keeping.take_back(database, SETTINGS, "Lyon", second, 6, "rui")
    assert left is not None
    assert list(await keeping.all_sites(database, SETTINGS)) == ["Lyon"]
    with pytest.raises(Unknown, match=r"stands in the configuration as \[sites.'Lyon'\]"):
        await keeping.take_back(database, SETTINGS, "Lyon", 0, 7, "rui")
    with pytest.raises(Unknown, match="there is no such site"):
        await keeping.take_back(database, SETTINGS, "Faro", 0, 7, "rui")
    with pytest.raises(Unknown, match="no site 'Faro'"):
        await keeping.one_site(database, SETTINGS, "Faro")


async def test_what_cannot_be_is_refused_and_changes_nothing(database: Database) -> None:
    """By itself, and beside the others; also of two that are entered at the same moment."""
    await enter(database, "Lyon", subnets=("10.1.0.0/24",))
    with pytest.raises(Refused, match="latitude: 99 is nowhere"):
        await enter(database, "Faro", place=Place(99, 0))
    with pytest.raises(Refused, match="a LAN of 'Lyon'"):
        await enter(database, "Faro", subnets=("10.1.0.0/25",))
    with pytest.raises(Conflict, match="Lyon was changed by ana"):
        await enter(database, "Lyon", owner="Rui")
    told = await asyncio.gather(*[enter(database, name, subnets=("10.9.0.0/24",)) for name in "abc"], return_exceptions=True)
    assert sum(isinstance(one, Refused) for one in told) == 2, told
    assert len(await keeping.all_sites(database, SETTINGS)) == 2


async def test_a_file_is_taken_row_by_row(database: Database) -> None:
    """Good rows in one go; a dry run changes nothing; the same file again changes nothing; what it does not say stays."""
    dry = await keeping.import_file(database, SETTINGS, "locations", FILE, 5, "ana", dry_run=True)
    assert set(await keeping.all_sites(database, SETTINGS)) == {"Lyon"}
    done = await keeping.import_file(database, SETTINGS, "locations", FILE, 5, "ana")
    assert [one.outcome for one in done.verdicts] == [one.outcome for one in dry.verdicts] == ["changed", "refused", "new"]
    found = await keeping.all_sites(database, SETTINGS)
    assert (set(found), found["Lyon"].site.zone, found["Lyon"].site.place) == ({"Lyon", "Porto"}, "Europe/Paris", Place(45.76, 4.84))
    again = await keeping.import_file(database, SETTINGS, "locations", FILE, 6, "ana")
    assert (again.count("unchanged"), again.entries) == (2, {})
    for form in ("locations", "buildings"):
        data, _ = await keeping.export_file(database, SETTINGS, form)
        assert (await keeping.import_file(database, SETTINGS, form, data, 7, "ana")).count("unchanged") == 2


async def test_an_import_that_meets_a_change_begins_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes a site between its reading and its writing: both changes are there; one who never stops is told as a conflict."""
    meets = 1

    def meeting(*given: object) -> object:
        nonlocal meets
        meets -= 1
        return take(*given)  # type: ignore[arg-type]

    write = stored.write

    async def met(*given: object) -> object:
        if meets >= 0:
            raise Conflict("Lyon", None)
        return await write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(keeping, "take", meeting)
    monkeypatch.setattr(stored, "write", met)
    assert (await keeping.import_file(database, SETTINGS, "locations", FILE, 5, "ana")).count("new") == 1
    meets = 99
    with pytest.raises(Conflict):
        await keeping.import_file(database, SETTINGS, "locations", FILE.replace(b"Rue", b"Quai"), 5, "ana")


async def test_many_sites(tmp_path: Path, database: Database) -> None:
    """A thousand rows with ten LANs each are one import."""
    lans = [";".join(f"10.{n >> 2 & 255}.{(n & 3) * 64 + m}.0/24" for m in range(10)) for n in range(1000)]
    rows = [f"1,Site {n},Rue {n},{n % 90},{n % 180},{lan}" for n, lan in enumerate(lans)]
    data = "\n".join(["userEntered,Name,Address,Latitude,Longitude,LanIps", *rows]).encode()
    assert (await keeping.import_file(database, SETTINGS, "locations", data, 5, "ana")).count("new") == 1000
    assert len(await keeping.all_sites(database, SETTINGS)) == 1001
