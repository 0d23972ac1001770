"""Holds demo/fleet/__main__.py: the program says one line when connected, ends with its input, and tells what is wrong in a sentence."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from demo.authority import PublicAuthorities, Shelf
from demo.fleet.__main__ import CANNOT_START, fleet_of, main, read
from demo.world.world import AUTHORITY_FOLDER
from tests.demo.fleet.conftest import Minted
from tests.fakes.centre import running_centre
from tests.tree import ROOT

PATIENCE_S = 60.0


def configuration(file: Path, port: int, folder: Path, **more: Any) -> Path:
    """Write a configuration as `middlewatch-demo up` does; return the file."""
    broker = {"host": "127.0.0.1", "port": port, "username": "", "password": "", "tls": False}
    file.write_text(json.dumps({"broker": broker, "sites": 3, "cadence_s": 0.5, "backlog_hours": 2, "folder": str(folder)} | more))
    return file


@asynccontextmanager
async def program(config: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the program while the body runs."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo.fleet", str(config), stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.programs
@pytest.mark.parametrize("end", ["input", "SIGTERM"])
async def test_the_program(end: str, tmp_path: Path, minted: Minted) -> None:
    """It connects, says so in one line, sends, and ends with status 0 and no more words."""
    async with running_centre() as centre, program(configuration(tmp_path / "fleet.json", centre.port, minted.folder)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(await process.stdout.readline()) == {"connected": True, "agents": 3}
        await centre.until(lambda: len(centre.stored) >= 9)
        if end == "input":
            process.stdin.close()
        else:
            process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert (await process.stdout.read(), await process.stderr.read() if process.stderr else b"") == (b"", b"")
    assert {report.agent for report in centre.stored.values()} == {"sim-london-01", "sim-new-york-01", "sim-mumbai-01"}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"sites": 5000}, "fleet: sites: 5000 simulated sites: there are cities for 1100; write 0 to 1100"),
        ({"cadence_s": 0}, "fleet: cadence_s: Input should be greater than 0; correct "),
        ({"site": 1}, "fleet: site: Extra inputs are not permitted; correct "),
        ({"broker": {"host": "h", "port": 1, "tls": True}}, "tls needs ca, certificate and key; name three PEM files"),
        ({"broker": {"host": "h", "port": 1, "tls": True, "ca": "no.pem", "certificate": "no.pem", "key": "no.pem"}}, "broker.ca: no.pem"),
    ],
)
def test_what_is_wrong_is_told(more: dict[str, Any], told: str, tmp_path: Path, minted: Minted, capfd: pytest.CaptureFixture[str]) -> None:
    """A configuration that cannot be used is one sentence and status 2."""
    assert main([str(configuration(tmp_path / "fleet.json", 1, minted.folder, **more))]) == CANNOT_START
    assert told in capfd.readouterr().err


def test_no_configuration(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Without a file, or with one that is not there or no JSON, it says what to give."""
    assert main([]) == main([str(tmp_path / "none.json")]) == CANNOT_START
    (tmp_path / "bad.json").write_text("{")
    assert main([str(tmp_path / "bad.json")]) == CANNOT_START
    one, other, bad = capfd.readouterr().err.splitlines()
    assert one == "fleet: one argument is needed; write python -m demo.fleet CONFIG.json"
    assert other == f"fleet: {tmp_path}/none.json cannot be read (No such file or directory); give a configuration file"
    assert bad.startswith(f"fleet: {tmp_path}/bad.json: Invalid JSON")


def test_it_opens_the_worlds_shelf(tmp_path: Path) -> None:
    """Its chains lead to the root the world tells the centre to trust, whichever of the two starts first."""
    fleet_of(read(configuration(tmp_path / "fleet.json", 1, tmp_path / "world")))
    made = sorted((tmp_path / "world" / AUTHORITY_FOLDER).iterdir())
    PublicAuthorities(Shelf(tmp_path / "world" / AUTHORITY_FOLDER, datetime.now(UTC)))
    assert sorted((tmp_path / "world" / AUTHORITY_FOLDER).iterdir()) == made
