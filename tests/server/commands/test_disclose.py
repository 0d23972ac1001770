"""Holds server/commands/disclose.py: the disclosure by the command line in three forms, and sentences for what cannot be asked."""

import asyncio
import json
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from server.commands.disclose import disclose
from tests.fakes import sightings
from tests.fakes.sightings import HOST, SECOND, Rounds
from tests.fakes.state import config_file, fresh

app = typer.Typer()
app.command()(disclose)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Give the configuration of a centre to which Lyon has reported a blocked host."""

    async def make() -> None:
        database = await fresh(tmp_path)
        rounds = Rounds(database)
        for second in (30, 20, 10):
            blocked = sightings.finding("blocked", host=HOST)
            await rounds.see("a", time.time_ns() - second * SECOND, {HOST: blocked}, "Lyon")
        await database.close()

    asyncio.run(make())
    return config_file(tmp_path)


def run(config: Path, *arguments: str) -> Result:
    """Run `middlewatch-server disclose` in this process."""
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def test_three_forms(config: Path) -> None:
    """Markdown unless said otherwise."""
    assert run(config, "--site", "Lyon").output.startswith("# What stands between us and Microsoft 365: Lyon\n")
    assert run(config, "--fleet", "--html").output.startswith("<!doctype html>")
    assert json.loads(run(config, "--fleet", "--json", "--since", "2026-01-01").output)["sites"] == ["Lyon"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "disclose: name a site with --site, or say --fleet"),
        (("--fleet", "--site", "Lyon"), "disclose: name a site with --site, or say --fleet"),
        (("--fleet", "--html", "--json"), "disclose: write one of --markdown, --html and --json"),
        (("--fleet", "--since", "yesterday"), "disclose: --since: 'yesterday' is no time; write 2026-11-01 or 2026-11-01T08:00+01:00"),
        (("--fleet", "--since", "2026-11-02", "--until", "2026-11-01"), "disclose: --since is not before --until; exchange them"),
        (("--site", "Atlantis"), "disclose: 'Atlantis' is no site, and no agent reported from it then; write it as the page does"),
    ],
)
def test_what_cannot_be_asked(config: Path, arguments: tuple[str, ...], said: str) -> None:
    """One sentence with the remedy."""
    done = run(config, *arguments)
    assert (done.exit_code != 0, done.stderr) == (True, f"{said}\n")
