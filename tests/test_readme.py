"""The README's commands, paths and configurations are real."""

import argparse
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from agent import cli as agent_cli
from agent.config import load
from agent.config_reader import ConfigError
from demo.cli import _parser as demo_parser
from server.cli import app
from server.config import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(kind: str) -> Iterator[str]:
    """Give the fenced blocks of one kind."""
    yield from re.findall(rf"```{kind}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [shlex.split(line[2:], comments=True) for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_command_exists(command: list[str]) -> None:
    """Each command is a script of ours, or a program with that subcommand and those options."""
    program, *rest = command
    if program.startswith("scripts/"):
        assert (ROOT / program).stat().st_mode & 0o100
        if program == "scripts/demo":
            assert demo_parser().parse_args(rest if rest[:1] and rest[0] in {"insert", "remove", "here"} else ["up", *rest])
    elif program == "middlewatch-server":
        words = [word for word in rest if not word.startswith("-")]
        group = get_command(app)
        depth = 2 if hasattr(group.commands[words[0]], "commands") else 1  # type: ignore[attr-defined]
        result = CliRunner().invoke(app, [*words[:depth], "--help"])
        assert result.exit_code == 0, result.output
        assert words[0] in group.commands  # type: ignore[attr-defined]
        assert all(option in result.output for option in rest if option.startswith("--"))
    elif program == "middlewatch-agent":
        parsed = agent_cli.parser().parse_args(rest)
        assert isinstance(parsed, argparse.Namespace)
    else:
        assert command[:2] == ["pip", "install"]
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert re.findall(r"\[(\w+)\]", command[2])[0] in extras


def test_paths_exist() -> None:
    """Each path in backticks that looks like one of ours is there, and so is each page and picture that is linked."""
    paths = re.findall(r"`((?:agent|judge|server|wire|demo|dashboards|tests|scripts|docs|deploy)/[A-Za-z0-9_/.-]*)`", README)
    assert paths
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert linked
    assert [path for path in (*paths, *linked) if not (ROOT / path).exists()] == []


def test_server_configuration_is_accepted() -> None:
    """The server's example passes its own checks."""
    (example,) = [block for block in blocks("toml") if "# server.toml" in block]
    settings = Settings(**tomllib.loads(example))
    assert settings.console.listen == "127.0.0.1:8300"


def test_agent_configuration_is_accepted(tmp_path: Path) -> None:
    """The agent's example passes its own checks, files aside."""
    (example,) = [block for block in blocks("toml") if "# agent.toml" in block]
    file = tmp_path / "agent.toml"
    file.write_text(example)
    try:
        settings = load(file)
    except ConfigError as error:
        pytest.fail(str(error))
    assert settings.agent.site == "Porto"
