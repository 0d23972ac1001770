"""scripts/servers says what is here and what cannot be had; nothing is installed or built by these tests.

Each runs with a PATH of its own: the programs the script needs, without apt and Go, in an empty cache folder.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tree import ROOT

NEEDED = ("bash", "cat", "chmod", "dirname", "flock", "grep", "id", "mkdir", "rm", "sed", "tail")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Give a copy of scripts/servers that looks for programs nowhere but on the PATH."""
    text = (ROOT / "scripts" / "servers").read_text()
    assert "PATH=$PATH:/usr/sbin" in text
    copy = tmp_path / "servers"
    copy.write_text(text.replace("PATH=$PATH:", "ELSEWHERE=").replace("/usr/lib/postgresql/", f"{tmp_path}/postgresql/"))
    return copy


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Give a folder with what the script needs, and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return folder


def run(script: Path, programs: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script with these programs and an empty cache."""
    clean = {"PATH": str(programs), "HOME": str(programs.parent), "MIDDLEWATCH_CACHE": str(programs.parent / "cache")} | environment
    return subprocess.run(["/bin/bash", str(script), *arguments], check=False, capture_output=True, text=True, env=clean)


def program(path: Path, what: str = "") -> None:
    """Put a small shell program, that does nothing by default, in place of whatever is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{what}\n")
    path.chmod(0o755)


def test_where_nothing_is(script: Path, programs: Path) -> None:
    """With nothing here `--where` prints nothing and is content."""
    done = run(script, programs, "--where")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_says_what_is_missing(script: Path, programs: Path) -> None:
    """What cannot be had is listed with reason and remedy, and is no failure."""
    done = run(script, programs)
    assert done.returncode == 0
    assert "mosquitto mosquitto-clients postgresql chromium fonts-dejavu-core squid-openssl sslsplit haproxy" in done.stderr
    assert "nftables iproute2: this system has no apt" in done.stderr
    assert "mitmproxy: it is a Python program and there is no python3 here" in done.stderr
    assert "influxd: it is built from its Go module and there is no Go here" in done.stderr


def test_missing_fails_in_ci(script: Path, programs: Path) -> None:
    """In CI a missing server is a failure: tests must not be left out there unseen."""
    assert run(script, programs, CI="true").returncode == 1


def test_quiet_when_all_is_here(script: Path, programs: Path) -> None:
    """With everything here it prints nothing, and `--where` names each program by its path."""
    plain = {"mosquitto", "mosquitto_sub", "mosquitto_pub", "chromium", "squid", "sslsplit", "haproxy", "tinyproxy", "dnsmasq", "nft", "ip"}
    for name in plain:
        program(programs / name)
    program(programs.parent / "cache" / "mitmproxy-11.0.2" / "bin" / "mitmdump")
    for name in ("initdb", "postgres", "psql"):
        program(programs.parent / "postgresql" / "17" / "bin" / name)
    program(programs.parent / "cache" / "influxd-2.9.1")
    done = run(script, programs, CI="true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    told = dict(line.split("=") for line in run(script, programs, "--where").stdout.splitlines())
    assert set(told) == {*plain, "postgres", "influxd", "mitmdump"}
    assert all(Path(path).exists() for path in told.values())


def test_not_root(script: Path, programs: Path) -> None:
    """Without root the command that root would run is printed."""
    program(programs / "apt-get")
    program(programs / "id", "echo 1000")
    assert "only root may install: sudo apt-get install mosquitto" in run(script, programs).stderr


def test_apt_fails(script: Path, programs: Path) -> None:
    """When apt fails, its own first error is shown, and where the rest is."""
    program(programs / "apt-get", "echo 'E: Unable to fetch some archives'; exit 100")
    program(programs / "id", "echo 0")
    script.write_text(script.read_text().replace("/usr/sbin/policy-rc.d", str(programs.parent / "policy-rc.d")))
    done = run(script, programs)
    assert "apt failed: E: Unable to fetch some archives (all of it: " in done.stderr
    assert not (programs.parent / "policy-rc.d").exists()


def test_unknown_argument(script: Path, programs: Path) -> None:
    """An unknown argument is answered with the usage and status 2."""
    done = run(script, programs, "--help")
    assert (done.returncode, done.stderr) == (2, "usage: scripts/servers [--where]\n")
