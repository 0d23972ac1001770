"""Holds server/commands/coverage.py: a site's coverage and its files by the command line, and sentences for what cannot be done."""

import asyncio
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from server.commands.coverage import coverage
from server.state.tables import agent
from tests.fakes import sightings
from tests.fakes.sightings import HOST, SECOND, Rounds
from tests.fakes.sightings import device as box
from tests.fakes.state import fresh

app = typer.Typer()
app.command()(coverage)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Give the configuration of a centre that sees a device before one host at Lyon."""

    async def make() -> None:
        database = await fresh(tmp_path)
        now_ns = time.time_ns()
        for second in (30, 20, 10):
            await Rounds(database).see("a", now_ns - second * SECOND, {HOST: sightings.finding(by=box("instance:1"))}, "Lyon")
        async with database.writing() as transaction:
            row = {"id": "a", "first_seen_ns": 1, "place": "Lyon", "revision": 1, "latest_ns": now_ns, "cadence_s": 60.0}
            await transaction.execute(agent.insert(), row)
        await database.close()

    asyncio.run(make())
    file = tmp_path / "server.toml"
    file.write_text(
        f'[state]\nurl = "sqlite+aiosqlite:///{tmp_path}/state.db"\n[history]\nkind = "embedded"\n[broker]\nurl = "mqtt://127.0.0.1:1883"\n'
    )
    return file


def run(config: Path, *arguments: str) -> Result:
    """Run `middlewatch-server coverage` in this process."""
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def test_coverage(config: Path) -> None:
    """The table, and each of the three files."""
    assert f"▲ {HOST} (Exchange): not bypassed" in run(config, "Lyon").output
    assert f'if (host === "{HOST}") return true;' in run(config, "Lyon", "--pac").output
    assert "52.96.0.0/14" in run(config, "Lyon", "--prefixes").output.splitlines()
    assert HOST in run(config, "Lyon", "--list").output.splitlines()


def test_what_cannot_be_done(config: Path) -> None:
    """One sentence each."""
    done = run(config, "Porto")
    assert (done.exit_code, done.stderr) == (
        1,
        "coverage: no agent reports from 'Porto' now; write the site as the page calls it\n",
    )
    assert run(config, "Lyon", "--pac", "--list").stderr == "coverage: write one of --pac, --prefixes and --list\n"
