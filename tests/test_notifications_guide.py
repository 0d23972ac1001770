"""docs/notifications.md against the programs: its configuration, commands, endpoints, code and fields are taken as they stand there."""

import json
import re
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from server import cli
from server.console.api.routes import ROUTES
from server.notify.settings import NotifySection, TargetSection
from server.notify.webhook import signature
from server.watcher.notices.alert import Alert, Part
from server.watcher.notices.backoff import FIRST_S, LONGEST_S
from server.watcher.notices.book import Terms
from server.watcher.notices.release import Draft
from server.watcher.notices.wording import Around, words_of
from tests.fakes.notices import START, seen

TEXT = (Path(__file__).parents[1] / "docs" / "notifications.md").read_text()


def block(language: str) -> str:
    """Return the page's example in one language."""
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_configuration_is_taken() -> None:
    """It is read as it stands, and every setting there is stands on the page."""
    section = NotifySection.model_validate(tomllib.loads(block("toml"))["notify"])
    assert [one.kind for one in section.targets] == ["apprise", "webhook", "mqtt"]
    missing = [name for name in (*NotifySection.model_fields, *TargetSection.model_fields) if not re.search(rf"\b{name}\b", TEXT)]
    assert missing == []


def test_the_figures_are_true() -> None:
    """Waits, ages and window as the page states them are the defaults."""
    section = NotifySection()
    assert (section.wait_s, section.update_every_s, section.give_up_after_h) == (30, 900, 72)
    assert (FIRST_S, LONGEST_S) == (5, 300)
    assert (Terms().wait_ns, Terms().update_ns) == (30 * 10**9, 900 * 10**9)


def test_the_commands_are_there() -> None:
    """Each command of the page answers for help."""
    commands = {line.split()[2] for line in TEXT.splitlines() if line.startswith("middlewatch-server notify")}
    assert commands == {"list", "test", "queue", "alerts"}
    for name in {*commands, "again", "acknowledge"}:
        assert CliRunner().invoke(cli.app, ["notify", name, "--help"]).exit_code == 0


def test_the_endpoints_are_there() -> None:
    """Each endpoint of the page is a route."""
    named = re.findall(r"`(GET|POST) /api/v1(/[^`]+)`", TEXT)
    assert len(named) >= 4
    assert set(named) <= {(route.method, route.path) for route in ROUTES}


def test_the_signature_is_checked_by_the_pages_code() -> None:
    """The page's function takes what we sign, and refuses another body, another secret and an old time."""
    room: dict[str, Any] = {}
    exec(block("python"), room)  # noqa: S102 - our own page
    check: Callable[[bytes, str, bytes], bool] = room["is_from_middlewatch"]
    now = int(time.time())
    assert check(b"secret", signature(b"secret", now, b"{}"), b"{}")
    assert not check(b"secret", signature(b"secret", now, b"{}"), b"{ }")
    assert not check(b"other", signature(b"secret", now, b"{}"), b"{}")
    assert not check(b"secret", signature(b"secret", now - 400, b"{}"), b"{}")


def test_the_fields_are_told() -> None:
    """Every field of a letter and of its events stands in the page's table."""
    part = Part(seen("site-down"), "a", "problem", START, "P1")
    draft = Draft("noc", "opened", "k", START, (part,), (part,), Alert("a", "k", "reach", "P1", START, START))
    plain = json.loads(json.dumps(words_of(draft, {}, Around()).plain))
    table = TEXT[TEXT.index("The object") :]
    missing = [name for name in (*plain, *plain["events"][0]) if f"`{name}`" not in table and name != "schema"]
    assert missing == []
