"""Holds server/commands/maintenance.py: planning, seeing and ending a window."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.commands.maintenance import app
from tests.server.commands.test_sites import config

__all__ = ["config"]


def run(config: Path, *arguments: str) -> Result:
    """Run `middlewatch-server sites maintenance` in this process."""
    done = CliRunner().invoke(app, [*arguments, "--config", str(config)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_a_window_is_planned_seen_and_ended(config: Path) -> None:
    """In the site's own time; the fleet's begins now; ended twice it is not there."""
    done = run(config, "add", "--site", "Lyon", "--from", "2090-01-02T22:00", "--until", "2090-01-03T02:00", "--reason", "new switch")
    assert "1: Lyon muted from 2090-01-02 21:00:00 UTC to 2090-01-03 01:00:00 UTC" in done.output
    assert run(config, "add", "--until", "2099-01-01T00:00Z", "--reason", "x").exit_code == 2
    listed = run(config, "list").output
    assert "1  Lyon  2090-01-02 21:00:00 UTC to 2090-01-03 01:00:00 UTC  new switch (command line)" in listed
    assert run(config, "end", "1").output == "1: ended\n"
    assert run(config, "end", "1").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--until", "tonight", "--reason", "x"], "write 2026-11-28T22:00"),
        (["--until", "2001-01-01T00:00Z", "--reason", "x"], "until: "),
        (
            ["--site", "Porto", "--until", "2090-01-01T00:00Z", "--from", "2089-12-31T00:00Z", "--reason", "x"],
            "site: 'Porto' is not registered",
        ),
    ],
)
def test_what_is_no_window_is_told(config: Path, arguments: list[str], part: str) -> None:
    """With the remedy."""
    done = run(config, "add", *arguments)
    assert (done.exit_code, part in done.output) == (2, True), done.output
