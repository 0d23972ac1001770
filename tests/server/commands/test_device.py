"""Holds server/commands/device.py: devices by the command line, and sentences for what cannot be done."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.commands.device import app
from server.watcher.watcher import Watcher
from tests.fakes import sightings
from tests.fakes.sightings import HOST, MINUTE, START, Rounds
from tests.fakes.sightings import device as box
from tests.fakes.state import config_file, fresh


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Give the configuration of a centre that knows one device, at Lyon."""

    async def make() -> None:
        database = await fresh(tmp_path)
        rounds = Rounds(database)
        for minute in range(2):
            await rounds.see("a", START + minute * MINUTE, {HOST: sightings.finding(by=box("instance:1"))}, "Lyon")
        await Watcher(database, None, "w", lambda: START + 2 * MINUTE).step()
        await database.close()

    asyncio.run(make())
    return config_file(tmp_path)


def run(config: Path, *arguments: str) -> Result:
    """Run `middlewatch-server devices` in this process."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*arguments, "--config", str(config)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_devices_by_the_command_line(config: Path) -> None:
    """Listed, approved for a time, acknowledged, withdrawn, described, retired, entered by hand, and shown with all of that."""
    (line,) = [line for line in run(config, "list").output.splitlines() if "Zscaler" in line]
    name = line.split()[0]
    assert "Lyon" in line
    assert run(config, "approve", name, "--by", "ann", "--until", "2099-01-01", "--category", "Optimize").exit_code == 0
    assert "approved until 2099-01-01 00:00:00 UTC" in run(config, "show", name).output
    for act in ("acknowledge", "withdraw", "retire"):  # not seen for long by the clock of the command
        assert run(config, act, name, "--by", "ann").output.startswith(f"device {name}: done, revision")
    assert run(config, "describe", name, "--by", "bob", "--say", "owner=web team", "--say", "decrypting=yes").exit_code == 0
    told = run(config, "show", name).output
    assert "owner: web team" in told
    assert "at Lyon: retired" in told
    assert "ann: approve" in told
    added = run(config, "add", "--by", "ann", "--vendor", "ACME", "--class", "casb", "--site", "Lyon", "--say", "contact=x@example.com")
    assert added.exit_code == 0
    assert "ACME" in run(config, "list", "--place", "Lyon", "--state", "present").output


def test_what_cannot_be_done(config: Path) -> None:
    """One sentence each, with the remedy."""
    assert run(config, "list", "--disposition", "approved").output == "no device is known that fits\n"
    assert "there is none; middlewatch-server devices list" in run(config, "show", "none").output
    assert "devices approve: device 'none': there is none" in run(config, "approve", "none", "--by", "ann").output
    assert "--until 'soon': is no day" in run(config, "approve", "x", "--by", "ann", "--until", "soon").output
    assert "has no `=`" in run(config, "describe", "x", "--by", "ann", "--say", "owner").output
