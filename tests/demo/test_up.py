"""The demo's start as far as it is data: settings, links, what cannot start. The whole of it: tests/integration/test_demo.py."""

import socket
from pathlib import Path

import pytest

from demo.cli import main
from demo.fleet.sites import simulated_sites
from demo.places import REAL_SITES
from demo.servers import BuiltIn
from demo.up import Wish, _link, _settings
from server.config import Settings

ROOTS = {"public_roots": "/roots.pem"}


def test_settings() -> None:
    """Every site is declared with its place, simulated ones as such, each egress once; the centre reads it, on loopback only."""
    simulated = simulated_sites(60)
    history = {"history": {"kind": "embedded"}}  # demo/centre.py's own
    settings = Settings.model_validate(history | _settings(Wish(port=8311), ROOTS, simulated, BuiltIn()))
    assert len(settings.sites) == 63
    assert {name for name, site in settings.sites.items() if not site.simulated} == {site.name for site in REAL_SITES}
    assert len({one.prefix for one in settings.egress}) == len(settings.egress) < 63, "a region's egress is shared, and declared once"
    assert settings.console.listen == "127.0.0.1:8311"
    assert settings.collector.accept_lab_agents


def test_links() -> None:
    """The world is told of each real site what it needs to stand for its path."""
    link = _link(REAL_SITES[0])
    assert (link["name"], link["egress_address"], link["front_door"]) == ("Frankfurt", "203.0.113.10", "FRA")


def test_port_that_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A port somebody else has is one sentence with the remedy, status 2, and nothing stays."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["up", "--port", str(port), "--fleet", "0", "--folder", str(tmp_path)]) == 2
    taken_by = f"demo: config: console.listen: 127.0.0.1:{port} cannot be opened (address already in use)"
    assert capsys.readouterr().err == f"{taken_by}; choose a free address and port with --port\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fleet", "-1"], "'-1' is not a number of sites; write one from 0 to"),
        (["--fleet", "many"], "'many' is not a number of sites; write one from 0 to"),
        (["--port", "70000"], "'70000' is not a port; write one from 0 to 65535"),
    ],
)
def test_bad_numbers(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that is none is refused with what may be written."""
    with pytest.raises(SystemExit) as ended:
        main(["up", *arguments])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
