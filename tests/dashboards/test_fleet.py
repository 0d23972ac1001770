"""Fleet: the order of its questions, its way to Site, and what every dashboard of ours keeps to."""

from typing import Any

import pytest

from dashboards.fleet import fleet
from dashboards.site import site

CORE = {"stat", "table", "state-timeline", "timeseries", "geomap", "barchart", "row"}
MADE = {"fleet": fleet(), "site": site()}


def panels(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels without the headings."""
    return [one for one in made["panels"] if one["type"] != "row"]


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_every_panel_is_core_and_says_what_it_answers(made: dict[str, Any]) -> None:
    """No plugin; title, description, a source by uid, a step no finer than chosen, words where nothing is."""
    assert {one["type"] for one in made["panels"]} <= CORE
    for one in panels(made):
        assert one["title"]
        assert len(one["description"]) > 40, one["title"]
        assert {target["datasource"]["uid"] for target in one["targets"]} <= {"mw-raw", "mw-rollup", "mw-event"}
        assert one["fieldConfig"]["defaults"].get("noValue") != "0"
    assert len({one["title"] for one in panels(made)}) == len(panels(made))
    assert (made["schemaVersion"], made["uid"]) == (37, f"mw-{made['title'].lower()}")


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_no_panel_lies_on_another(made: dict[str, Any]) -> None:
    """Each cell of the grid belongs to one panel, and none is beyond the right edge."""
    taken: set[tuple[int, int]] = set()
    for one in made["panels"]:
        place = one["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, one["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_forms_fit_their_panels(made: dict[str, Any]) -> None:
    """Charts over time ask for series, tables and maps for rows; a gap is never filled with the value before."""
    for one in panels(made):
        forms = {target["resultFormat"] for target in one["targets"]}
        if one["type"] in {"timeseries", "state-timeline"}:
            assert forms == {"time_series"}
            assert all("fill(null)" in target["query"] for target in one["targets"])
        elif one["type"] in {"table", "geomap", "barchart"}:
            assert forms == {"table"}
        assert "fill(previous)" not in str(one)


def test_questions_stand_in_their_order() -> None:
    """Is it true, what changed, what is worst, where, how fast, over days and weeks."""
    asked = [one["title"] for one in MADE["fleet"]["panels"] if one["type"] == "row"]
    assert [text.split()[0] for text in asked] == ["Is", "What", "What", "Where?", "How", "Over"]


def test_each_site_leads_to_its_own_dashboard_in_the_same_window() -> None:
    """Site and time range travel in the link."""
    urls = {
        prop["value"][0]["url"]
        for one in panels(MADE["fleet"])
        for override in one["fieldConfig"]["overrides"]
        for prop in override["properties"]
        if prop["id"] == "links"
    }
    assert urls == {"/d/mw-site/site?var-site=${__data.fields.site:percentencode}&${__url_time_range}"}
