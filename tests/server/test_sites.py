"""The one registry follows what is entered, in every process, and survives a database that is away."""

import asyncio
import logging

import pytest

from server.config import Settings
from server.fleet.entries import Entry
from server.sites import SiteSource
from server.state import sites
from server.state.database import Database

SETTINGS = Settings.model_validate(
    {
        "broker": {"url": "mqtt://127.0.0.1:1883"},
        "history": {"kind": "embedded"},
        "sites": {"Lyon": {"latitude": 45.76, "longitude": 4.84, "zone": "Europe/Paris"}},
    }
)


async def enter(database: Database, entry: Entry | None, name: str, made_from: int = 0) -> int:
    """Enter a site; return its revision."""
    async with database.writing() as connection:
        return (await sites.write(database, connection, {name: (entry, made_from)}, 1, "ana")).get(name, 0)


async def test_the_registry_follows_the_database(database: Database) -> None:
    """Two processes' registries see an entry, and its end, each once; between changes nothing is read again."""
    both = [SiteSource(SETTINGS, database) for _ in range(2)]
    held = [one.registry for one in both]
    assert [await one.look() for one in both] == [False, False]
    revision = await enter(database, Entry("Lyon", owner="Ana"), "Lyon")
    assert [await one.look() for one in (*both, *both)] == [True, True, False, False]
    assert [(one.sites["Lyon"].owner, one.sites["Lyon"].zone) for one in held] == [("Ana", "Europe/Paris")] * 2
    await enter(database, None, "Lyon", revision)
    assert [await one.look() for one in both] == [True, True]
    assert [one.sites["Lyon"].owner for one in held] == ["", ""]


async def test_a_database_that_is_away_changes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once, the sites known before stay, and reading goes on when it is back."""
    source = SiteSource(SETTINGS, database)
    rounds = 0

    async def rest(_: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            monkeypatch.setattr(sites, "version", good)
            await enter(database, Entry("Faro"), "Faro")
        if rounds == 4:
            raise asyncio.CancelledError

    async def away(_: object) -> int:
        raise OSError

    good = sites.version
    monkeypatch.setattr(sites, "version", away)
    monkeypatch.setattr(asyncio, "sleep", rest)
    caplog.set_level(logging.INFO)
    with pytest.raises(asyncio.CancelledError):
        await source.run()
    assert [record.getMessage() for record in caplog.records if record.name == "server.sites"] == [
        "sites: state database: OSError; the sites known before stay in use",
        "sites changed: 2 are registered",
    ]
    assert set(source.registry.sites) == {"Lyon", "Faro"}
