"""The article's duties on the real demo, by API and command line: disclose a device, ask for its bypass, prove it, be told of its return.

The three documents are kept where MIDDLEWATCH_EXAMPLES says (docs/examples when they are made anew); people read them.
"""

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_demo import Demo, start
from tests.lab.programs import PROGRAMS, toml
from tests.lab.readback import until

SITE = "Frankfurt"
HOSTS = [
    "login.microsoftonline.com",
    "microsoft.sharepoint.com",
    "outlook.cloud.microsoft",
    "outlook.office365.com",
    "teams.microsoft.com",
]
BY_CATEGORY = [*HOSTS[1:4], HOSTS[0], HOSTS[4]]
"""Optimize first."""
PATIENCE_S = 90.0
"""On two cores that run other tests as well; alone each step takes two or three cycles of 5 s."""


class Centre:
    """A running demo, as an operator's programs see it: the API, and `middlewatch-server` on the same files."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self.demo = demo
        self.config = folder / "operator.toml"
        state = f"sqlite+aiosqlite:///{demo.folder}/state.db"
        place = {"latitude": 50.1, "longitude": 8.7, "zone": "Europe/Berlin"}
        sections: dict[str, dict[str, object]] = {
            "broker": {"url": "mqtt://127.0.0.1:1"},
            "state": {"url": state},
            "history": {"kind": "embedded", "path": demo.folder / "history.db"},
            f"sites.{SITE}": place,
        }
        self.config.write_text(toml(sections))

    def ask(self, path: str, body: object = None, etag: str = "") -> Any:
        """Return the API's answer: JSON, or text."""
        headers = {"Content-Type": "application/json", **({"If-Match": etag} if etag else {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.demo.url}api/v1{path}", data, headers)  # noqa: S310 - our own http:// address
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            text = answer.read().decode()
            return json.loads(text) if "json" in answer.headers["Content-Type"] else text

    def command(self, *arguments: str) -> str:
        """Return what a command of the operator's says."""
        line = [str(PROGRAMS / "middlewatch-server"), *arguments, "--config", str(self.config)]
        done = subprocess.run(line, check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def gaps(self) -> list[str]:
        """Return the names that are not bypassed at the site now, by the API."""
        return [name["host"] for name in self.ask(f"/coverage/{SITE}")["names"] if name["state"] == "not bypassed"]

    def switch(self, what: str) -> None:
        """Insert or remove the device, as in a second terminal."""
        done = self.demo.act(what, SITE)
        assert done.returncode == 0, done.stderr

    def case(self) -> Any:
        """Return the case."""
        return self.ask("/cases/1")

    def becomes(self, state: str) -> Any:
        """Wait until the case is in this state; return it."""
        until(lambda: self.case()["state"] == state, lambda: [line["says"] for line in self.case()["line"]], PATIENCE_S)
        return self.case()

    def told(self) -> list[tuple[str, str]]:
        """Return (kind, severity) of the case's events, in the order told."""
        return [(one["kind"], one["severity"]) for one in reversed(self.ask("/events?scope=case%201")["items"])]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    """Give a running demo with no sites but its three real ones."""
    demo = start(tmp_path / "demo", "--fleet", "0")
    try:
        yield Centre(demo, tmp_path)
    finally:
        demo.process.kill()
        demo.process.communicate()


def keep(name: str, text: str) -> None:
    """Keep a document, if documents are wanted."""
    if folder := os.environ.get("MIDDLEWATCH_EXAMPLES"):
        Path(folder, name).write_text(text, encoding="utf-8")


def test_disclose_bypass_prove_and_return(centre: Centre) -> None:
    """Insert, disclose, open a case, remove: proved host by host; insert: told again, once; remove, prove, close, all documented."""
    begun = time.monotonic()
    centre.switch("insert")
    until(lambda: centre.gaps() == BY_CATEGORY, centre.gaps, PATIENCE_S)
    disclosed(centre)

    assert centre.command("case", "open", "--ticket", "2511-0042", "--by", "Anna Berg").startswith("case 1 opened, 0 of 5 bypassed now")
    opened = centre.case()
    assert [(line["host"], line["state"], line["agree"]) for line in opened["line"]] == [(host, "held", 2) for host in HOSTS]

    centre.switch("remove")
    proved = centre.becomes("proved")
    assert all(line["bypassed"] and ", clean since " in line["says"] for line in proved["line"])
    assert all(line["held_until"] <= line["clean_since"] for line in proved["line"])
    assert "Nothing is to be bypassed" in centre.ask(f"/coverage/{SITE}/pac")
    assert centre.ask("/cases/1/proof").startswith("# Case 1 (ticket 2511-0042): bypassed on every host")

    centre.switch("insert")
    broken = centre.becomes("broken")
    assert centre.told() == [("case-opened", "P4"), ("case-proved", "P4"), ("case-broken", "P2")]
    assert any("again decrypted since" in line["says"] for line in broken["line"])
    timed(centre, 3)
    centre.switch("remove")
    centre.becomes("proved")
    timed(centre, 4)

    noted = centre.ask("/cases/1/notes", {"text": "The gateway's exemption list was restored.", "by": "Anna Berg"}, etag="*")
    assert noted["log"][-1]["by"] == "Anna Berg"
    closing = centre.command("case", "close", "1", "--by", "Anna Berg")
    assert closing.startswith("# Case 1 (ticket 2511-0042): closed, bypassed on every host")
    assert centre.ask("/cases/1/proof") == closing
    assert [kind for kind, _ in centre.told()] == ["case-opened", "case-proved", "case-broken", "case-proved", "case-closed"]
    keep("case-closing.md", closing)
    print(f"disclosed, proved, broken, proved and closed in {time.monotonic() - begun:.0f} s")  # noqa: T201 - the figure; pytest -rP shows it


def timed(centre: Centre, column: int) -> None:
    """Wait until there are samples enough in a column of the proof's timings: 3 with the device, 4 without."""

    def figures() -> list[str]:
        lines = centre.ask("/cases/1/proof").partition("## What it cost")[2].splitlines()
        return [line.split(" | ")[column - 1] for line in lines if line.startswith(f"| {SITE} |")]

    until(lambda: len(figures()) == len(HOSTS) and "too few samples" not in figures(), figures, PATIENCE_S)


def disclosed(centre: Centre) -> None:
    """Hold that both ways disclose the device: who it is, what it does to which hosts, who agrees, what is not known."""
    text = centre.command("disclose", "--site", SITE)
    for part in ("signing as Contoso Web Gateway Frankfurt", "- Decrypts: yes", "2 of 2 agents agree", "## What is not known", *HOSTS):
        assert part in text
    plain = centre.ask(f"/disclosure?site={SITE}")
    assert [host["host"] for host in plain["devices"][0]["hosts"] if host["category"] != "Control"] == BY_CATEGORY
    assert plain["lab"], "the demo is a laboratory, and says so"
    page = centre.ask(f"/disclosure/html?site={SITE}")
    assert "Contoso Web Gateway Frankfurt" in page
    keep("disclosure.md", text)
    keep("disclosure.html", page)
