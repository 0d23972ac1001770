"""The demo as a stranger meets it: started by its command, watched in a browser, a device inserted, removed and inserted again.

Pictures are kept where MIDDLEWATCH_PICTURES says (docs/pictures when they are made anew); nobody compares them but people.
"""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from demo.agents import CADENCE_S
from tests.lab.dashboards import NOT_IN_THE_DEMO, run_all
from tests.lab.programs import PROGRAMS
from tests.lab.readback import until
from tests.servers.browser import Browser, Scheme, Watched
from tests.servers.fixtures import program

PATIENCE_MS = 90_000
"""On two cores that run other tests as well; what is promised is counted in reports, not in seconds."""
AGENTS = ("frankfurt-01", "frankfurt-02")
BOUND_S = 3 * CADENCE_S + 2
"""From a change to the page that tells of it (design 6)."""


@dataclass
class Demo:
    """A running demo: its page's address, its state database, and its process."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    token: str = ""
    influx: str = ""

    def state(self, statement: str, *values: str) -> list[int]:
        """Return one column of the state database, read beside the running centre. Not through our own code: playwright owns the loop."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/state.db?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute(statement, values)]

    def act(self, what: str, site: str) -> subprocess.CompletedProcess[str]:
        """Use the command line as in a second terminal."""
        port = self.url.rpartition(":")[2].strip("/")
        return subprocess.run([*COMMAND, what, site, "--port", port], check=False, capture_output=True, text=True)

    def end(self) -> str:
        """Press Ctrl-C; return what it said since its start."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        assert (self.process.returncode, err) == (0, ""), err
        return out


COMMAND = [str(PROGRAMS / "middlewatch-demo")]


def start(folder: Path, *arguments: str) -> Demo:
    """Start the demo; return when it has said where its page is."""
    process = subprocess.Popen(
        [*COMMAND, "up", "--port", "0", "--folder", str(folder), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    demo = Demo("", folder, process)
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"open +(http://127\.0\.0\.1:\d+/)", line):
            demo.url = found[1]
        if found := re.search(r"InfluxDB on (\S+)", line):
            demo.influx = found[1]
        if "Ctrl-C ends it" in line:
            return demo
    raise AssertionError(f"it did not start: {process.stderr.read() if process.stderr else ''}")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Give a running demo with its sixty simulated sites."""
    yield from _running(tmp_path)


@pytest.fixture
def demo_on_servers(tmp_path: Path) -> Iterator[Demo]:
    """Give a running demo on a real mosquitto and a real InfluxDB."""
    program("mosquitto")
    os.environ.setdefault("MIDDLEWATCH_CACHE", str(Path(program("influx")).parent))
    yield from _running(tmp_path, "--with-servers")


def _running(folder: Path, *arguments: str) -> Iterator[Demo]:
    one = start(folder / "demo", *arguments)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.communicate()


def watch(browser_page: Watched, demo: Demo) -> None:
    """Open the page and wait until the picture is whole: every real agent's site is clean and has been for some rounds."""
    page = browser_page.page
    page.goto(demo.url)
    expect(page.locator("#live")).to_have_text("live", timeout=PATIENCE_MS)
    for site in ("Frankfurt", "Lyon", "Porto"):
        expect(page.locator(f"#sites tr[data-key='{site}'] td").first).to_contain_text("clean", timeout=PATIENCE_MS)
    reports_each(demo, 3)


def reports_each(demo: Demo, count: int) -> None:
    """Wait until both of Frankfurt's agents have so many reports stored."""
    until(lambda: all(len(received(demo, agent)) >= count for agent in AGENTS), lambda: "agents do not report")


def received(demo: Demo, agent: str) -> list[int]:
    """Return when each of an agent's reports was received (ns)."""
    mine = "SELECT id FROM stream WHERE agent = ?"
    return demo.state(f"SELECT received_ns FROM ledger WHERE stream IN ({mine}) ORDER BY received_ns", agent)  # noqa: S608 - ours


def told(demo: Demo, kind: str) -> list[int]:
    """Return when each event of this kind at Frankfurt was made (ns)."""
    return demo.state("SELECT made_ns FROM event WHERE kind = ? AND scope = 'Frankfurt'", kind)


def told_in_time(page: Page, kind: str, change: Callable[[], object]) -> None:
    """Make a change; hold that the open page tells of it, once, within the bound."""
    begun = time.monotonic()
    change()
    expect(page.locator(f"#events li.{kind}")).to_have_count(1, timeout=PATIENCE_MS)
    took_s = time.monotonic() - begun
    print(f"{kind}: on the page after {took_s:.1f} s")  # noqa: T201 - the figure; pytest -rP shows it
    assert took_s <= BOUND_S, kind


def picture(page: Watched, name: str) -> None:
    """Keep a picture of what is on the screen, if pictures are wanted."""
    if folder := os.environ.get("MIDDLEWATCH_PICTURES"):
        page.page.screenshot(path=Path(folder) / f"{name}.png", full_page=name.endswith("whole"))


def test_a_device_is_caught(demo: Demo, browser: Browser) -> None:
    """Insert: a new device with evidence, site and hosts, by the second report whose cycle began after; remove: left; again: returned."""
    with browser.page(1440, 1250) as watched:
        watch(watched, demo)
        page, events = watched.page, watched.page.locator("#events")
        insert = page.get_by_role("button", name="Insert an inspection device at Frankfurt")
        inserted_ns = max(max(received(demo, agent)) for agent in AGENTS)
        told_in_time(page, "appeared", insert.click)
        expect(page.get_by_role("button", name="Remove it at Frankfurt")).to_be_visible(timeout=PATIENCE_MS)
        expect(events.locator("li.appeared .kind")).to_have_text("new device")
        first = events.locator("li.appeared .sentence")
        expect(first).to_contain_text("Frankfurt: traffic to login.microsoftonline.com")
        expect(first).to_contain_text("is being decrypted by a device not seen here before")
        between = [sum(inserted_ns < at_ns <= told(demo, "appeared")[0] for at_ns in received(demo, agent)) for agent in AGENTS]
        assert min(between) <= 3, f"told after {between} reports: one may have begun before, one repeats at once"

        expect(page.locator("#sites tr").nth(1)).to_have_attribute("data-key", "Frankfurt", timeout=PATIENCE_MS)
        expect(page.locator("#sites tr[data-key='Frankfurt'] td").first).to_contain_text("inspected")
        device = page.locator("#devices article", has_text="Contoso Web Gateway Frankfurt").first
        expect(device).to_contain_text("outlook.office365.com", timeout=PATIENCE_MS)
        expect(device.locator(".proofs li")).not_to_have_count(0)
        device.locator("details summary").first.click()
        expect(device.locator("textarea").first).to_have_value(re.compile("-----BEGIN CERTIFICATE-----"))
        page.evaluate("scrollTo(0, 0)")
        picture(watched, "page")
        picture(watched, "page-whole")
        dark_and_readable(watched)

        told_in_time(page, "left", lambda: demo.act("remove", "Frankfurt"))
        expect(page.locator("#sites tr[data-key='Frankfurt'] td").first).to_contain_text("clean", timeout=PATIENCE_MS)
        reports_each(demo, len(received(demo, AGENTS[0])) + 2)
        told_in_time(page, "returned", insert.click)
        assert (len(told(demo, "appeared")), len(told(demo, "returned"))) == (1, 1)
        assert watched.errors == []
    assert "appeared (P2): Frankfurt: traffic to" in demo.end()


def dark_and_readable(watched: Watched) -> None:
    """Hold that every text of the page has a contrast of 4.5 : 1 on both themes; keep a picture of the dark one."""
    low: dict[Scheme, list[object]] = {"light": watched.low_contrasts("light"), "dark": watched.low_contrasts("dark")}
    picture(watched, "page-dark")
    watched.page.emulate_media(color_scheme="light")
    assert low == {"light": [], "dark": []}


def test_keyboard(demo: Demo, browser: Browser) -> None:
    """Without a mouse: `/` filters, `j` `k` move, Enter opens, `?` helps, Esc closes; where the focus is can be seen."""
    with browser.page() as watched:
        watch(watched, demo)
        page = watched.page
        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#help")).to_be_hidden()
        page.keyboard.press("/")
        expect(page.locator("#filter")).to_be_focused()
        page.keyboard.type("porto")
        expect(page.locator("#sites tbody tr:visible")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.locator("#sites tbody tr:visible")).not_to_have_count(1)
        page.locator("body").press("j")
        first = page.evaluate("document.activeElement.closest('[data-key]').dataset.key")
        page.keyboard.press("j")
        second = page.evaluate("document.activeElement.closest('[data-key]').dataset.key")
        assert first != second
        page.keyboard.press("k")
        assert page.evaluate("document.activeElement.closest('[data-key]').dataset.key") == first
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", "the focus cannot be seen"
        page.keyboard.press("Enter")
        expect(page.locator("#timeline .chosen-site strong")).to_have_text(first, timeout=PATIENCE_MS)
        assert watched.errors == []


def test_lost_and_found(demo: Demo, browser: Browser) -> None:
    """When the centre ends the page says that the connection is lost and since when, and keeps the last picture."""
    with browser.page() as watched:
        watch(watched, demo)
        demo.end()
        expect(watched.page.locator("#live")).to_contain_text("connection lost, trying again since", timeout=PATIENCE_MS)
        expect(watched.page.locator("#sites tr[data-key='Porto']")).to_be_visible()


def test_on_real_servers(demo_on_servers: Demo, browser: Browser) -> None:
    """On a real mosquitto and InfluxDB the same is seen; then each panel's and rule's query finds rows in the demo's own data."""
    demo = demo_on_servers
    with browser.page() as watched:
        watch(watched, demo)
        insert = watched.page.get_by_role("button", name="Insert an inspection device at Frankfurt")
        told_in_time(watched.page, "appeared", insert.click)
        told_in_time(watched.page, "left", lambda: demo.act("remove", "Frankfurt"))
        told_in_time(watched.page, "returned", insert.click)
        assert watched.errors == []
    token = (demo.folder / "influxdb" / "token").read_text()
    since_ms = time.time_ns() // 10**6 - 3600 * 1000

    def empty() -> list[str]:
        found = run_all(demo.influx, token, since_ms)
        return [f"{one.dashboard}: {one.panel}" for one in found if not one.rows and one.panel not in NOT_IN_THE_DEMO]

    until(lambda: not empty(), empty)  # one simulated site falls silent after a minute: then no panel has a reason to be empty


@pytest.mark.skipif(sys.platform == "win32", reason="ps: Unix")
def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Ctrl-C ends every process and deletes the folder nobody asked for; a second start at once works."""
    for _ in range(2):
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [*COMMAND, "up", "--port", "0", "--fleet", "3"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "TMPDIR": str(scratch)},
        )
        assert process.stdout is not None
        for line in process.stdout:
            if "Ctrl-C ends it" in line:
                break
        (folder,) = scratch.iterdir()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        assert out.endswith("stopped; nothing is left behind\n")
        assert list(scratch.iterdir()) == []
        running = subprocess.run(["ps", "-A", "-ww", "-o", "args="], check=True, capture_output=True, text=True).stdout
        assert str(folder) not in running
