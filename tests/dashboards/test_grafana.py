"""A real Grafana with our provisioning: sources, dashboards, rules, and every panel's query through Grafana itself.

Runs where GRAFANA_URL is set (GRAFANA_USER and GRAFANA_PASSWORD when it asks for them), on loopback: Grafana is in no package registry, so
nothing here can bring it. `GRAFANA_SINCE_H`: hours that hold data, 3 if not set.
"""

import base64
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from dashboards.rules import RULES
from tests.lab.dashboards import DATABASES, NOT_IN_THE_DEMO, QUIET_WHEN_WELL, Asked, everything, filled
from tests.servers.browser import Browser

URL = os.environ.get("GRAFANA_URL", "").rstrip("/")
pytestmark = pytest.mark.skipif(
    not URL, reason="NOT RUN AGAINST GRAFANA: dashboards were parsed and their queries tried, but no Grafana saw them; set GRAFANA_URL"
)
BACKEND_SINCE = 10
"""Before, panels asked InfluxDB through Grafana's proxy and its own back end could not read all of their answers (9.3.2)."""


def ask(path: str, body: Any = None, form: str = "") -> Any:
    """Return Grafana's JSON. Raises AssertionError with its words when it refuses."""
    data = form.encode() if form else json.dumps(body).encode() if body is not None else None
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    request = urllib.request.Request(f"{URL}{path}", data, {"Content-Type": kind})  # noqa: S310 - the tester's own address
    if user := os.environ.get("GRAFANA_USER"):
        login = base64.b64encode(f"{user}:{os.environ.get('GRAFANA_PASSWORD', '')}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{path}: {error.code} {error.read()[:300]!r}") from None


def window() -> tuple[int, int]:
    """Return the window that holds data, Unix ms."""
    now = time.time_ns() // 10**6
    return now - int(float(os.environ.get("GRAFANA_SINCE_H", "3")) * 3_600_000), now


def proxied(source: str, text: str) -> list[dict[str, Any]]:
    """Return the series of a query sent through Grafana to InfluxDB; by the source's number, 9.3.2 cuts a uid at its hyphen."""
    number = ask(f"/api/datasources/uid/{source}")["id"]
    form = urllib.parse.urlencode({"db": DATABASES[source], "q": text, "epoch": "ms"})
    result = ask(f"/api/datasources/proxy/{number}/query", form=form)["results"][0]
    assert "error" not in result, result
    series: list[dict[str, Any]] = result.get("series", [])
    return series


def rows(one: Asked, text: str) -> int:
    """Return the rows of a query, asked as a panel of this Grafana asks it."""
    if int(ask("/api/health")["version"].split(".")[0]) < BACKEND_SINCE:
        return sum(len(series["values"]) for series in proxied(one.source, text))
    since, until = window()
    query = {"refId": "A", "datasource": {"type": "influxdb", "uid": one.source}, "rawQuery": True, "query": text, "resultFormat": "table"}
    result = ask("/api/ds/query", {"from": str(since), "to": str(until), "queries": [query]})["results"]["A"]
    assert not result.get("error"), result
    return sum(len(frame["data"]["values"][0]) for frame in result["frames"] if frame["data"]["values"])


@pytest.mark.parametrize("uid", DATABASES)
def test_sources_are_provisioned_and_answer(uid: str) -> None:
    """By uid, read-only in the pages, and InfluxDB answers with their token."""
    assert ask(f"/api/datasources/uid/{uid}")["readOnly"]
    assert rows(Asked("", "", uid, ""), "SHOW MEASUREMENTS")


@pytest.mark.parametrize("uid", ["mw-fleet", "mw-site"])
def test_dashboards_are_provisioned(uid: str) -> None:
    """In the folder Middlewatch, not to be changed in the pages."""
    meta = ask(f"/api/dashboards/uid/{uid}")["meta"]
    assert (meta["folderTitle"], meta["provisioned"]) == ("Middlewatch", True)


def test_rules_are_provisioned_and_evaluated() -> None:
    """Every rule is there, and none is in its error state."""
    groups = ask("/api/prometheus/grafana/api/v1/rules")["data"]["groups"]
    found = {rule["name"]: rule.get("health") for group in groups for rule in group["rules"]}
    assert {one.title for one in RULES} <= set(found)
    assert "error" not in found.values()


def test_every_panel_has_rows_through_grafana() -> None:
    """No error, none empty but those that are when all is well, and those of probes the demo does not run."""
    since, until = window()
    sites = next(one for one in everything() if one.place == "variable site")
    places = [value for _, value in proxied(sites.source, sites.text)[0]["values"]]
    found: dict[tuple[str, str], int] = {}
    for one in everything():
        for place in places if "${site" in one.text else [""]:
            text = filled(one.text, since, until, {"site": place, "route": ".*", "target": ".*"})
            found[(one.dashboard, one.place)] = found.get((one.dashboard, one.place), 0) + rows(one, text)
    assert not [place for place, count in found.items() if not count and place[1] not in {*QUIET_WHEN_WELL, *NOT_IN_THE_DEMO}]


TALLEST = """Math.max(0, ...[...document.querySelectorAll('.react-grid-layout')].map((one) => one.getBoundingClientRect().bottom))"""
DRAWN = """document.querySelectorAll(".panel-container, [data-testid^='data-testid Panel header']").length > 5"""
EMPTY = "No data"
PANEL_ERROR = ".panel-info-corner--error, [data-testid='Panel status error'], [aria-label='Panel status error']"
"""As Grafana 9.3 marks it, and as 10 and later do."""


@pytest.mark.parametrize(("uid", "more"), [("mw-fleet", ""), ("mw-site", "&var-site=Frankfurt")])
def test_dashboards_in_a_browser(browser: Browser, uid: str, more: str) -> None:
    """Opened at full height nothing is alarmed, no panel has an error, none is empty; pictures are kept where MIDDLEWATCH_PICTURES says."""
    since, until = window()
    with browser.page(1600, 4000) as watched:
        page = watched.page
        page.goto(f"{URL}/d/{uid}/?from={since}&to={until}&var-finest=10s&kiosk&theme=light{more}")
        page.wait_for_function(DRAWN)
        page.get_by_text("Frankfurt").first.wait_for()  # a cell of a table: what was asked has been answered
        page.wait_for_load_state("networkidle")
        quiet = sum(page.get_by_text(title).count() for title in (*QUIET_WHEN_WELL, *NOT_IN_THE_DEMO))
        assert page.evaluate(TALLEST) > 1000
        assert page.get_by_role("alert").all_text_contents() == []
        assert page.locator(PANEL_ERROR).count() == 0
        assert page.get_by_text(EMPTY, exact=True).count() <= quiet
        if folder := os.environ.get("MIDDLEWATCH_PICTURES"):
            page.screenshot(path=f"{folder}/grafana-{uid.removeprefix('mw-')}.png", clip={"x": 0, "y": 0, "width": 1600, "height": 1960})
