"""The child that speaks QUIC: one line for each line, whatever it holds; ends with its input."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.network.quic_child import answer
from tests.fakes.quic import HOST, quic_doors
from tests.tree import ROOT


def request(port: int) -> dict[str, object]:
    """Return a request to a port of loopback."""
    return {
        "id": 7,
        "place": ["127.0.0.1", port],
        "name": HOST,
        "authority": HOST,
        "path": "/",
        "limits": [5.0, 5.0],
        "clock": "auto",
        "local": None,
        "interface": "",
    }


async def test_an_answer(tmp_path: Path) -> None:
    """What was seen comes with the request's id, certificates in base64."""
    async with quic_doors(tmp_path) as (port, chain):
        plain = await answer(request(port))
    assert json.loads(json.dumps(plain))["id"] == 7
    shaken = plain["shaken"]
    assert [base64.b64decode(der) for der in shaken["chain"]] == list(chain)
    assert (shaken["status"], shaken["failure"]) == (200, None)


@pytest.mark.parametrize("changed", [{"place": []}, {"limits": None}, {"clock": "sun"}, {"name": None}])
async def test_requests_that_make_no_sense(changed: dict[str, object]) -> None:
    """A request that cannot be understood is answered with an error, under its id."""
    plain = await answer(request(1) | changed)
    assert plain["id"] == 7
    assert "shaken" in plain or "error" in plain


def test_lines() -> None:
    """Nonsense has an answer too, and the child leaves when nobody writes any more."""
    done = subprocess.run(
        [sys.executable, "-m", "agent.network.quic_child"],
        check=False,
        input=b"nonsense\n[]\n",
        capture_output=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0
    assert all("error" in json.loads(line) for line in done.stdout.splitlines())
    assert done.stderr == b""
