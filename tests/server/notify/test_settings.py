"""Holds server/notify/settings.py: what is wrong in [notify] is told with its place and the remedy."""

from pathlib import Path

import pytest

from server.config import BadConfiguration, load_settings

PLAIN = '[history]\nkind = "embedded"\n[broker]\nurl = "mqtt://localhost"\n'
HOOK = 'name = "a"\nkind = "webhook"\nurl = "https://h/x"\nsecret_env = "S"\n'


def problems(folder: Path, text: str) -> str:
    """Return what is wrong with a configuration."""
    file = folder / "server.toml"
    file.write_text(PLAIN + text)
    try:
        load_settings(file)
    except BadConfiguration as bad:
        return str(bad)
    return ""


def test_good_ones(tmp_path: Path) -> None:
    """Each kind of target in its shortest form."""
    text = f'[notify]\nconsole_url = "https://c/"\n[[notify.targets]]\n{HOOK}[[notify.targets]]\nname = "m"\nkind = "mqtt"\n'
    assert problems(tmp_path, text + '[[notify.targets]]\nname = "b"\nkind = "apprise"\nurl_file = "f"\ncauses = ["device"]\n') == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('console_url = "c"', "notify.console_url: 'c' is not an address; write https://host"),
        ('[[notify.targets]]\nname = "A b"\nkind = "mqtt"', "notify.targets.0.name: "),
        ('[[notify.targets]]\nname = "a"\nkind = "fax"', "notify.targets.0.kind: "),
        ('[[notify.targets]]\nname = "a"\nkind = "mqtt"\nurl = "x"', "notify.targets.0.kind: mqtt speaks to the broker of [broker]"),
        ('[[notify.targets]]\nname = "a"\nkind = "apprise"', "notify.targets.0.url_file: an Apprise target needs its address; set one of"),
        ('[[notify.targets]]\nname = "a"\nkind = "apprise"\nurl = "json://x"', "notify.targets.0.url: an Apprise address holds secrets"),
        ('[[notify.targets]]\nname = "a"\nkind = "apprise"\nurl_env = "X"\nsecret_env = "Y"', "remove secret_env and secret_file"),
        (f'[[notify.targets]]\n{HOOK}secret_file = "f"', "notify.targets.0.secret_file: a webhook's letters are signed; set one of"),
        (f"[[notify.targets]]\n{HOOK.replace('https://h/x', 'ftp://h')}", "notify.targets.0.url: 'ftp://h' is not an address"),
        (f"[[notify.targets]]\n{HOOK.replace('h/x', 'u:p@h/x')}", "notify.targets.0.url: holds a user or a password; remove them"),
        (f'[[notify.targets]]\n{HOOK}url_env = "X"', "notify.targets.0.url_file: is for Apprise"),
        (f'[[notify.targets]]\n{HOOK}causes = ["devices"]', "'devices' is no cause; write some of agent, case, device"),
        (f'[[notify.targets]]\n{HOOK}zone = "Mars"', "'Mars' is no time zone this machine knows"),
        (f"[[notify.targets]]\n{HOOK}digest_hour = 24", "notify.targets.0.digest_hour: "),
        (f"[[notify.targets]]\n{HOOK}[[notify.targets]]\n{HOOK}", "notify.targets.1.name: a stands at targets.0 already"),
    ],
)
def test_bad_ones(text: str, told: str, tmp_path: Path) -> None:
    """One sentence each; a password is not repeated."""
    found = problems(tmp_path, f"[notify]\n{text}\n")
    assert told in found
    assert "u:p" not in found
