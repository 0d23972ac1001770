"""Holds server/commands/feed.py: which list is in use, asking now, and what changed, in sentences."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.commands.feed import app
from server.feed.deciding import HOUR_NS
from server.state import feed
from server.state.database import open_database
from server.state.events import EventRow, tell
from tests.fakes.endpoint_service import recorded
from tests.fakes.state import config_file, fresh


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Give the configuration of a centre with an empty database whose feed is on."""

    async def make() -> None:
        await (await fresh(tmp_path)).close()

    asyncio.run(make())
    return config_file(tmp_path, "[feed]\nenabled = true\n")


def run(config: Path, command: str) -> Result:
    """Run `middlewatch-server feed` in this process."""
    done = CliRunner().invoke(app, [command, "--config", str(config)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def store(config: Path, **fields: object) -> None:
    """Store Worldwide's row as a centre does, and one change that was told."""

    async def work() -> None:
        database = await open_database(f"sqlite+aiosqlite:///{config.parent}/state.db")
        async with database.writing() as transaction:
            await feed.introduce(database, transaction, ["Worldwide"], 1)
            await feed.save(transaction, replace((await feed.rows(transaction))["Worldwide"], **fields))  # type: ignore[arg-type]
            await tell(database, transaction, EventRow("feed-changed", "P4", "", "Worldwide", 2026090100, 10**18, 10**18, "told", b"{}"))
        await database.close()

    asyncio.run(work())


def test_the_shipped_list_at_first(config: Path) -> None:
    """It says whose list it is and whether anybody looks for a newer one."""
    told = run(config, "status").output
    assert told.startswith("Worldwide: version 2026081400, shipped with the software, made ")
    assert run(config, "changes").output == "no change was told yet\n"
    config.write_text(config.read_text().replace("enabled = true", "enabled = false"))
    assert "the feed is off: nobody looks for a newer list" in run(config, "status").output
    refused = run(config, "check")
    assert (refused.exit_code, "the feed is off" in refused.output) == (1, True)


def test_the_lists_standing_and_asking(config: Path) -> None:
    """The service's list with its trouble; asking now is refused within the hour, and then done by the running centre."""
    now_ns = time.time_ns()
    row = {
        "version": "2026090100",
        "body": recorded(),
        "checked_ns": now_ns,
        "next_ns": now_ns + HOUR_NS,
        "free_ns": now_ns + HOUR_NS,
        "trouble": "odd",
    }
    store(config, **row)
    told = run(config, "status").output
    assert told.startswith("Worldwide: version 2026090100, confirmed by the service less than a minute ago\n  odd (0 failures in a row)\n")
    assert run(config, "changes").output == "2001-09-09 01:46:40 UTC  told\n"
    refused = run(config, "check")
    assert refused.exit_code == 1
    assert "asked within the hour, and Microsoft asks for no more; it can be asked again in " in refused.output
    store(config, **row | {"free_ns": now_ns - 1})
    assert run(config, "check").output.startswith("Worldwide: a running centre asks within seconds")
