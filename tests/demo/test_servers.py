"""The demo's servers: what is built in, how real ones are found and configured. A whole demo on them: tests/integration/test_demo.py."""

from pathlib import Path

import pytest

from demo.folder import CannotStart
from demo.servers import SHIPPED, BuiltIn, _find, broker_configuration


def test_built_in_password() -> None:
    """The embedded broker and the fleet share a password of this run only."""
    one, other = BuiltIn(), BuiltIn()
    assert one.settings()["broker"]["embedded"] is True
    assert one.settings()["broker"]["password"] != other.settings()["broker"]["password"]


def test_shipped_configuration() -> None:
    """The shipped configuration is used line by line but for what is changed, and the listener comes first."""
    text = broker_configuration(SHIPPED, {"listener": "1 127.0.0.1", "acl_file": "/x/acl"})
    assert text.startswith("listener 1 127.0.0.1\n")
    assert "require_certificate true\n" in text
    assert text.endswith("acl_file /x/acl\n")
    assert text.count("acl_file") == 1


def test_configuration_that_lost_a_line(tmp_path: Path) -> None:
    """A shipped configuration without what is changed here is refused, not run half."""
    (tmp_path / "mosquitto.conf").write_text("listener 8883\n")
    with pytest.raises(ValueError, match=r"has lost a line"):
        broker_configuration(tmp_path, {"listener": "1"})


def test_server_that_is_not_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server that is nowhere is told with what brings it; one that scripts/servers built is found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("MIDDLEWATCH_CACHE", str(tmp_path))
    with pytest.raises(CannotStart, match="--with-servers needs influxd, which is not here; run scripts/servers"):
        _find("influxd")
    (tmp_path / "influxd-2.9.1").touch()
    assert _find("influxd") == str(tmp_path / "influxd-2.9.1")
