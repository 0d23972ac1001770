"""Holds server/commands/sites.py: an operator's way with sites, from an empty centre to a file and back, in sentences."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.commands.sites import app
from tests.fakes.state import config_file, fresh

LYON = '[sites."Lyon"]\nlatitude = 45.76\nlongitude = 4.84\nzone = "Europe/Paris"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Give the configuration of a centre with an empty database and one site."""

    async def make() -> None:
        await (await fresh(tmp_path)).close()

    asyncio.run(make())
    return config_file(tmp_path, LYON)


def run(config: Path, *arguments: str) -> Result:
    """Run `middlewatch-server sites` in this process."""
    done = CliRunner().invoke(app, [*arguments, "--config", str(config)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_set_show_list_remove(config: Path) -> None:
    """What is given is entered, what is not stays; taken back, the configuration applies again."""
    done = run(config, "set", "Faro", "--owner", "Rui", "--subnet", "10.2.0.0/24", "--egress", "203.0.113.0/24 Fibre Two")
    assert (done.exit_code, "Faro: set, revision 1" in done.output, "latitude: is not known" in done.output) == (0, True, True)
    assert run(config, "set", "Faro", "--latitude", "37.02", "--longitude", "-7.93", "--hours", "Mon-Sat 09:00-20:00").exit_code == 0
    shown = json.loads(run(config, "show", "Faro").output)
    assert (shown["owner"], shown["latitude"], shown["hours"]) == ("Rui", 37.02, "Mon-Sat 09:00-20:00")
    assert (shown["egress"], shown["revision"]) == ([{"prefix": "203.0.113.0/24", "circuit": "Fibre Two"}], 2)
    assert run(config, "set", "Lyon", "--region", "South").exit_code == 0
    listed = run(config, "list").output
    assert ("45.76 4.84" in listed, "37.02 -7.93" in listed) == (True, True)
    assert len(json.loads(run(config, "list", "--json").output)) == 2
    assert "configuration's section" in run(config, "remove", "Lyon").output
    assert "what it measured stays" in run(config, "remove", "Faro").output


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["set", "Faro", "--latitude", "1"], "belong together"),
        (["set", "Faro", "--hours", "always"], "write Mon-Fri 08:00-18:00"),
        (["set", "Faro", "--zone", "Mars"], "write an IANA name"),
        (["set", "Faro", "--criticality", "huge"], "low, normal, high, critical"),
        (["set", "remote"], "stands for agents without a site"),
        (["show", "Porto"], "no site 'Porto'"),
        (["remove", "Lyon"], "stands in the configuration"),
        (["import", "/nowhere.csv"], "check the path"),
        (["export", "--out", "/nowhere/x.csv"], "check the path"),
    ],
)
def test_mistakes_are_told(config: Path, arguments: list[str], part: str) -> None:
    """With the remedy, and nothing is changed."""
    done = run(config, *arguments)
    assert (done.exit_code > 0, part in done.output) == (True, True), done.output
    assert [one["revision"] for one in json.loads(run(config, "list", "--json").output)] == [0]


def test_a_file_in_and_out(config: Path, tmp_path: Path) -> None:
    """Row by row with column and remedy; a dry run says the same; what is exported imports unchanged."""
    file = tmp_path / "in.csv"
    file.write_text(
        "userEntered,Name,Address,Latitude,Longitude,LanIps\n1,Lyon,Rue 1,,,10.1.0.0/24\n1,Faro,,99,0,\n1,Porto,,41,-8,10.2.0.9/24\n"
    )
    for arguments, said in ((["--dry-run"], "would be: "), ([], "")):
        done = run(config, "import", str(file), *arguments)
        assert done.exit_code == 1
        assert f"{said}1 changed, 2 refused" in done.output
        assert "row 3 Faro: refused: Latitude: 99 is nowhere on Earth; write degrees from -90 to 90" in done.output
        assert "row 4 Porto: refused: LanIps: 10.2.0.9/24 has host bits set; write 10.2.0.0/24" in done.output
    out = tmp_path / "out.csv"
    assert run(config, "export", "--out", str(out)).exit_code == 0
    assert run(config, "import", str(out)).output == "1 unchanged\n"
    assert run(config, "export").output.splitlines()[1] == "1,Lyon,Rue 1,45.76,4.84,,,,,,10.1.0.0/24"
    assert run(config, "export", "--form", "buildings").output.startswith("10.1.0.0\tLyon\t24\tLyon")


def test_maintenance_is_below_sites(config: Path) -> None:
    """As one command."""
    done = CliRunner().invoke(app, ["maintenance", "list", "--config", str(config)])
    assert "no maintenance is planned" in done.output
