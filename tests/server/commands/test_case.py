"""Holds server/commands/case.py: a case by the command line from its opening to its closing, and sentences for what cannot be done."""

import asyncio
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.commands.case import app
from tests.fakes import sightings
from tests.fakes.sightings import HOST, SECOND, Rounds
from tests.fakes.sightings import device as box
from tests.fakes.state import config_file, fresh


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Give the configuration of a centre that has seen a device before one host at Lyon."""

    async def make() -> None:
        database = await fresh(tmp_path)
        rounds = Rounds(database)
        for second in (30, 20, 10):
            for agent in ("a", "b"):
                held = sightings.finding(by=box("instance:1"))
                await rounds.see(agent, time.time_ns() - second * SECOND, {HOST: held}, "Lyon")
        await database.close()

    asyncio.run(make())
    return config_file(tmp_path, '[sites.Lyon]\nlatitude = 45.7\nlongitude = 4.8\nzone = "Europe/Paris"\n')


def run(config: Path, *arguments: str) -> Result:
    """Run `middlewatch-server case` in this process."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*arguments, "--config", str(config)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_a_case_by_the_command_line(config: Path) -> None:
    """Opened for what is held, listed, shown in the site's time, noted, proved for the ticket, closed with its report, reopened."""
    assert run(config, "list").output == "no case is open; middlewatch-server case open --ticket NUMBER\n"
    opened = run(config, "open", "--ticket", "2511-0042", "--by", "Anna")
    assert opened.output == "case 1 opened, 0 of 1 bypassed now; see middlewatch-server case show 1\n"
    assert "2511-0042" in run(config, "list").output
    shown = run(config, "show", "1").output
    assert f"Lyon, {HOST}: decrypted since" in shown
    assert "UTC+" in shown
    assert run(config, "note", "1", "asked the vendor", "--by", "Anna").exit_code == 0
    assert "Anna: asked the vendor" in run(config, "show", "1").output
    assert run(config, "proof", "1").output.startswith("# Case 1 (ticket 2511-0042): not proved yet")
    closed = run(config, "close", "1", "--by", "Anna").output
    assert closed.startswith("# Case 1 (ticket 2511-0042): closed, not proved yet")
    assert run(config, "proof", "1").output == closed
    assert "closed" in run(config, "list", "--all").output
    assert run(config, "reopen", "1").output == "case 1 is open again\n"


def test_what_cannot_be_done(config: Path) -> None:
    """One sentence each, with the remedy, and exit status 1."""
    for arguments, said in (
        (("show", "9"), "there is no case 9; see middlewatch-server case list --all"),
        (("close", "9"), "there is no case 9; see middlewatch-server case list --all"),
        (("note", "9", "x"), "case: there is no case 9; see middlewatch-server case list --all"),
        (("open", "--site", "Atlantis", "--host", HOST), "case: sites: 'Atlantis' is no site any agent reports from; write it as the page"),
    ):
        done = run(config, *arguments)
        assert (done.exit_code, done.stderr.startswith(said)) == (1, True), done.stderr
