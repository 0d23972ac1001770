"""Holds server/notify/targets.py: secrets come from the environment or a file, and every one that is missing is named."""

from pathlib import Path
from typing import Any

import pytest

from server.config import BadConfiguration, Settings
from server.notify.targets import outlets_of, rules_of
from server.notify.webhook import Webhook


def settings(*targets: dict[str, Any]) -> Settings:
    """Return a configuration with targets."""
    return Settings(history={"kind": "embedded"}, broker={"url": "mqtt://localhost"}, notify={"targets": targets})


SERVICES = "write mailtos://, workflows://, slack://, pagerduty:// ..."
HOOK = {"name": "hook", "kind": "webhook", "url": "https://h/x", "secret_env": "HOOK"}
MAIL = {"name": "mail", "kind": "apprise", "url_env": "MAIL"}


def test_what_is_made(tmp_path: Path) -> None:
    """A channel for each, a rule for each; one can be asked for alone, and then the others' secrets need not be there."""
    (tmp_path / "url").write_text("json://127.0.0.1:9\n")
    given = settings(HOOK | {"sites": ["Ly*"], "causes": ["device"], "severity": "P2"}, {"name": "m", "kind": "mqtt"})
    outlets = outlets_of(given, lambda: 0, {"HOOK": "s" * 16})
    assert [one.name for one in outlets] == ["hook", "m"]
    assert isinstance(outlets[0].channel, Webhook)
    assert (rules_of(given)[0].severity, rules_of(given)[0].sites, rules_of(given)[0].causes) == ("P2", ("Ly*",), frozenset({"device"}))
    both = settings(HOOK, {"name": "mail", "kind": "apprise", "url_file": str(tmp_path / "url")})
    assert [one.name for one in outlets_of(both, lambda: 0, {}, only="mail")] == ["mail"]


def test_all_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    """Each with its place, what is wrong and the remedy; never a secret."""
    (tmp_path / "empty").write_text(" \n")
    given = settings(
        HOOK,
        MAIL,
        {"name": "file", "kind": "apprise", "url_file": str(tmp_path / "none")},
        {"name": "empty", "kind": "apprise", "url_file": str(tmp_path / "empty")},
        {"name": "weak", "kind": "webhook", "url": "https://h/x", "secret_env": "WEAK"},
        {"name": "odd", "kind": "apprise", "url_env": "ODD"},
    )
    with pytest.raises(BadConfiguration) as caught:
        outlets_of(given, lambda: 0, {"WEAK": "short-secret", "ODD": "nosuch://user:secret@host"})
    assert caught.value.problems == [
        "config: notify.targets.0.secret_env: the environment has no HOOK; set it where the server is started",
        "config: notify.targets.1.url_env: the environment has no MAIL; set it where the server is started",
        f"config: notify.targets.2.url_file: {tmp_path}/none cannot be read (No such file or directory); check path and rights",
        f"config: notify.targets.3.url_file: {tmp_path}/empty is empty; write the address into it",
        "config: notify.targets.4.secret_file: its secret has 12 characters; make one of at least 16",
        f"config: notify.targets.5.url_env: 'nosuch' is no service Apprise knows; {SERVICES}",
    ]
