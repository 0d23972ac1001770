"""docs/sites.md against the programs it names: its commands run, its file is read, and they say what it says."""

import asyncio
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.cli import app
from tests.fakes.state import fresh
from tests.tree import ROOT

GUIDE = (ROOT / "docs/sites.md").read_text()


def test_its_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command in order, on an empty centre; what the guide prints below a command is what is printed."""

    async def make() -> None:
        await (await fresh(tmp_path)).close()

    asyncio.run(make())
    monkeypatch.chdir(tmp_path)
    (csv,) = re.findall(r"```csv\n(.*?)```", GUIDE, re.DOTALL)
    Path("locations.csv").write_text(csv, encoding="utf-8")
    Path("server.toml").write_text(
        '[state]\nurl = "sqlite+aiosqlite:///state.db"\n[history]\nkind = "embedded"\n[broker]\nurl = "mqtt://127.0.0.1:1883"\n'
    )
    ran = 0
    for block in re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL):
        for command, printed in re.findall(r"^\$ middlewatch-server (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            done = CliRunner().invoke(app, shlex.split(command))
            assert not printed or done.output == printed, command
            assert done.exit_code == ("refused" in printed), done.output
            ran += 1
    assert ran == 5
    assert '"1 Rue de la République, Lyon",45.76,4.84,Fibre Orange 203.0.113.0 198.51.100.0' in Path("locations.csv").read_text("utf-8")
