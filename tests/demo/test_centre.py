"""The centre inside the demo's process."""

import logging
from pathlib import Path

import pytest

from demo.centre import centre
from demo.folder import CannotStart


async def test_log_goes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It serves on loopback with its own broker, and says nothing on the screen."""
    async with centre(tmp_path, {}) as server:
        assert server.broker_port
        assert server.console_port
        logging.getLogger("server.watcher").warning("the history store: full")
    assert capsys.readouterr() == ("", "")
    assert "the history store: full" in (tmp_path / "centre.log").read_text()


async def test_port_that_is_taken(tmp_path: Path) -> None:
    """A port somebody else has is one sentence that names it."""
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    async with centre(tmp_path / "one", {}) as server:
        taken = f"127.0.0.1:{server.console_port}"
        with pytest.raises(CannotStart, match=rf"console\.listen: {taken} cannot be opened \(address already in use\)"):
            async with centre(tmp_path / "other", {"console": {"listen": taken}}):
                pass
