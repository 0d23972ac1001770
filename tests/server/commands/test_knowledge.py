"""Holds server/commands/knowledge.py: a folder becomes a bundle a centre takes; what is wrong is one sentence and status 2."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from judge.knowledge.loader import DATA
from server import cli
from server.fleet.plans import make_key


def run(*arguments: object) -> Result:
    """Run `middlewatch-server knowledge` in this process."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, ["knowledge", *map(str, arguments)])


class Office:
    """A folder with a key, some data files and a configuration that trusts the key."""

    def __init__(self, folder: Path) -> None:
        self.key, self.out, self.config, self.data = (folder / name for name in ("ops.pem", "bundle.json", "server.toml", "data"))
        self.line = make_key(self.key)
        self.data.mkdir()
        (self.data / "manifest.toml").write_text('as_of = "2026-12-01"\nedition = 2026120101\n')
        (self.data / "hosts.toml").write_bytes((DATA / "hosts.toml").read_bytes())
        (self.data / "notes.txt").write_text("not for the bundle")
        self.trust(self.line)

    def trust(self, line: str) -> None:
        """Write the configuration of a centre that trusts one key."""
        self.config.write_text(f'[history]\nkind = "embedded"\n[broker]\nurl = "mqtt://localhost"\n[knowledge.keys]\n{line}\n')


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Give an office."""
    return Office(tmp_path)


def test_sign_and_check(office: Office) -> None:
    """What is signed is good where the key is trusted; other files of the folder stay out."""
    signed = run("sign", office.data, office.key, office.out)
    assert signed.exit_code == 0, signed.output
    assert "edition 2026120101, 2 files, key " in signed.output
    checked = run("check", office.out, "--config", office.config)
    assert checked.exit_code == 0, checked.output
    assert "good: edition 2026120101 of 2026-12-01" in checked.output
    assert "hosts.toml" in checked.output
    assert "notes.txt" not in checked.output


def test_a_wrong_row_is_not_signed(office: Office) -> None:
    """A row that no centre would take is told with file and row, and there is no bundle."""
    (office.data / "hosts.toml").write_text('[[host]]\npattern = "x.example"\nis = "logon"\ngrade = "A"\norigin = "us"\n')
    refused = run("sign", office.data, office.key, office.out)
    assert refused.exit_code == 2
    assert "knowledge sign: hosts.toml: [[host]] x.example: is: " in refused.output
    assert not office.out.exists()


def test_what_cannot_be_signed_or_checked(office: Office, tmp_path: Path) -> None:
    """No dates, no key, another key, no such file: one sentence each."""
    assert run("sign", office.data, office.key, office.out).exit_code == 0
    office.trust(make_key(tmp_path / "other.pem"))
    for done, told in (
        (run("check", office.out, "--config", office.config), "which is not trusted here"),
        (run("check", tmp_path / "none", "--config", office.config), "none: No such file or directory; name a file that can be read"),
        (run("check", office.out, "--config", tmp_path / "none.toml"), "cannot be read"),
        (run("sign", tmp_path, office.key, office.out), "manifest.toml: is not among the files"),
        (run("sign", office.data, office.config, office.out), "holds no PEM private key"),
        (run("sign", office.data, tmp_path / "none.pem", office.out), "none.pem: No such file or directory"),
    ):
        assert done.exit_code == 2
        assert told in done.output.replace("\n", "")
