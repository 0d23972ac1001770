"""The command line: arguments, exit status, and no traceback."""

from pathlib import Path

import pytest

from agent.cli import main, parser


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints name and version and is no error."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("middlewatch-agent ")


@pytest.mark.parametrize("arguments", [[], ["run"], ["fly"], ["check", "--yaml"]])
def test_wrong_arguments_are_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A missing or unknown word is exit 2 with the usage."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: middlewatch-agent" in capsys.readouterr().err


def test_arguments_arrive() -> None:
    """What is written is what the commands get."""
    chosen = parser().parse_args(["check", "--json", "--config", "x.toml"])
    assert (chosen.command, chosen.json, chosen.config) == ("check", True, Path("x.toml"))


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_missing_file_is_one_sentence(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration that is not there is exit 2 and one sentence."""
    assert main([command, "--config", str(tmp_path / "none.toml")]) == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("config: ")
    assert "\n" not in told
