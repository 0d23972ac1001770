"""The way to the system: bounded in time and size, failures are empty."""

import sys
import time
from pathlib import Path

import pytest

from agent.platform import machine
from agent.platform.machine import ThisMachine


async def test_program() -> None:
    """What a program prints is returned, whatever its bytes; one that is not there prints nothing."""
    assert await ThisMachine().tell(sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'a\\xffb')") == "a\ufffdb"
    assert await ThisMachine().tell("/no/such/program") == ""


async def test_program_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not end is killed at the limit, and its text is not believed."""
    monkeypatch.setattr(machine, "SECONDS", 0.3)
    began = time.monotonic()
    assert await ThisMachine().tell(sys.executable, "-c", "import sys, time; print('half', flush=True); time.sleep(60)") == ""
    assert time.monotonic() - began < 30


async def test_program_that_floods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output is read up to the bound and no further, also from a program that never stops."""
    monkeypatch.setattr(machine, "OUTPUT_BYTES", 100_000)
    told = await ThisMachine().tell(sys.executable, "-c", "while True: print('x' * 1000)")
    assert 100_000 <= len(told) <= 200_000


def test_file(tmp_path: Path) -> None:
    """A file is text whatever its bytes; one that is not there is empty."""
    (tmp_path / "file").write_bytes(b"a\xffb")
    assert ThisMachine().read(str(tmp_path / "file")) == "a\ufffdb"
    assert ThisMachine().read(str(tmp_path / "none")) == ""
