"""Holds server/commands/doing.py: what cannot start is a sentence and status 2, what ran and failed is status 1."""

from pathlib import Path

import pytest
import typer

from server.commands.doing import do, fail, settings_of, when
from server.config import BadConfiguration
from server.history.port import Unavailable
from server.state.database import StateUnavailable


@pytest.mark.parametrize(
    ("error", "status"),
    [(BadConfiguration(["config: a"]), 2), (StateUnavailable("state.url: b"), 2), (Unavailable("away", "c"), 1)],
)
def test_do(error: Exception, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each way to fail becomes one line on standard error, and its status."""

    async def work() -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        do(work())
    assert (ended.value.exit_code, capsys.readouterr().err.startswith("config: ")) == (status, True)


def test_settings_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is named."""
    with pytest.raises(typer.Exit):
        settings_of(tmp_path / "none.toml")
    assert "none.toml cannot be read" in capsys.readouterr().err


def test_when_and_fail(capsys: pytest.CaptureFixture[str]) -> None:
    """A moment is written in UTC; problems stand one a line."""
    assert when(0) == "1970-01-01 00:00:00 UTC"
    assert fail(["a", "b"], 1).exit_code == 1
    assert capsys.readouterr().err == "a\nb\n"
