"""The desk as a person uses it: in a browser on the real demo, everything the centre decides is seen, and decided by forms alone.

The picture is kept where MIDDLEWATCH_PICTURES says (docs/pictures when it is made anew).
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.integration.test_demo import PATIENCE_MS, Demo, picture, reports_each, start
from tests.lab.readback import until
from tests.servers.browser import Browser, Watched

LOCATIONS = (
    "userEntered,Name,Address,Latitude,Longitude,LanIps\n"
    '1,Gent,"Korenmarkt 1, Gent",51.05,3.72,10.9.0.0/24\n'
    '1,Nowhere,"Nowhere 1",95.0,3.72,10.8.0.0/24\n'
)
"""One site that can be, and one whose latitude cannot."""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Give a running demo with its real sites only, a device in Frankfurt's path."""
    one = start(tmp_path / "demo", "--fleet", "0")
    try:
        reports_each(one, 3)
        assert one.act("insert", "Frankfurt").returncode == 0
        until(lambda: bool(one.state("SELECT id FROM alert WHERE severity = 'P2'")), lambda: "no alert of the device")
        yield one
    finally:
        one.process.kill()
        one.process.communicate()


def send(form: Locator, button: str, **fields: str) -> None:
    """Fill a form and send it."""
    for name, value in fields.items():
        form.locator(f"[name='{name}']").fill(value)
    form.get_by_role("button", name=button, exact=True).click()


def opened(watched: Watched, demo: Demo) -> Watched:
    """Open the desk."""
    watched.page.goto(f"{demo.url}desk")
    expect(watched.page.locator(".trouble")).to_have_count(0)
    return watched


def test_everything_is_decided_on_the_desk(demo: Demo, browser: Browser, tmp_path: Path) -> None:
    """An alert is seen, a device approved, its retirement refused in words, a case opened, a file told row by row, a disclosure read."""
    with browser.page(1280, 1400) as watched:
        page = opened(watched, demo).page
        alert = page.locator("#alerts tr", has_text="decrypted by a device not seen here before")
        send(alert.locator("form"), "I have seen it", by="Ada")
        expect(page.locator("#alerts tr", has_text="decrypted by a device").last).to_contain_text("Ada", timeout=PATIENCE_MS)

        send(page.locator("#cases form").first, "Open a case", title="Bypass in Frankfurt", by="Ada")
        expect(page.locator("#cases article h3")).to_contain_text("Case 1: Bypass in Frankfurt", timeout=PATIENCE_MS)
        expect(page.locator("#cases article tbody tr").first).to_contain_text("decrypted since")
        page.evaluate("scrollTo(0, 0)")
        picture(watched, "desk")
        low = {scheme: watched.low_contrasts(scheme) for scheme in ("light", "dark")}
        assert low == {"light": [], "dark": []}
        decided(watched)
        told_row_by_row(watched, tmp_path)
        page.goto(f"{demo.url}desk")
        page.locator("#disclosure input").fill("Frankfurt")
        page.get_by_role("button", name="As one page").click()
        expect(page).to_have_title("What stands between us and Microsoft 365: Frankfurt", timeout=PATIENCE_MS)
        assert watched.errors == []


def decided(watched: Watched) -> None:
    """Approve the device until a day; say that it is gone, which is refused while it is seen."""
    device = watched.page.locator("#devices article", has_text="Contoso Web Gateway Frankfurt")
    device.locator("summary").click()
    approve = device.locator("form[action$='/approve']")
    approve.locator("[name='until']").fill("2099-12-31")
    send(approve, "Approve", by="Ada", reason="on its way out")
    expect(device.locator("h3")).to_contain_text(re.compile("approved by Ada until 2099-12-31"), timeout=PATIENCE_MS)
    device.locator("summary").click()
    send(device.locator("form[action$='/retire']"), "It is gone for good", by="Ada")
    expect(watched.page.locator("h1")).to_have_text("That was not done", timeout=PATIENCE_MS)
    watched.errors[:] = [one for one in watched.errors if "status of 4" not in one]  # the browser's word for the refusal
    watched.page.get_by_role("link", name="Back").click()


def told_row_by_row(watched: Watched, folder: Path) -> None:
    """Read a location file in: the good row is there, the bad one is told with its column and the remedy."""
    file = folder / "locations.csv"
    file.write_text(LOCATIONS)
    form = watched.page.locator("form[action='/form/locations']")
    form.locator("input[type=file]").set_input_files(file)
    form.locator("select").select_option("false")
    send(form, "Read", by="Ada")
    expect(watched.page.locator("h1")).to_have_text("What became of the file", timeout=PATIENCE_MS)
    expect(watched.page.locator("tr", has_text="Nowhere")).to_contain_text("Latitude")
    watched.page.get_by_role("link", name="Back").click()
    watched.page.locator("#sites summary").click()
    expect(watched.page.locator("#sites tbody tr", has_text="Gent")).to_contain_text("10.9.0.0/24", timeout=PATIENCE_MS)
