"""The frame of a dashboard: places, variables, annotations, links, and JSON that stays the same."""

import json
from typing import Any

from dashboards.dashboard import Variable, annotations, console, dashboard, finest, laid_out, link, written
from dashboards.panel import Query, stat


def panel(width: int, height: int) -> Any:
    """Return a panel of a size."""
    return stat("T", "D", [Query("q")], [], (width, height), "none")


def test_panels_go_from_left_to_right_and_wrap_below_the_tallest() -> None:
    """A stack counts as one, as high as its panels together; no two panels overlap."""
    made = laid_out([("Q?", [panel(12, 8), (panel(12, 3), panel(12, 6)), panel(24, 2)]), ("R?", [panel(4, 4)])])
    places = [(one["type"], *one["gridPos"].values()) for one in made]
    assert places == [
        ("row", 0, 0, 24, 1),
        ("stat", 0, 1, 12, 8),
        ("stat", 12, 1, 12, 3),
        ("stat", 12, 4, 12, 6),
        ("stat", 0, 10, 24, 2),
        ("row", 0, 12, 24, 1),
        ("stat", 0, 13, 4, 4),
    ]
    assert [one["id"] for one in made] == [*range(1, 8)]


def test_a_variable_of_many_can_mean_all() -> None:
    """All is every value, as a regular expression."""
    many = Variable("route", "Route", "SHOW", many=True).made()
    assert (many["multi"], many["includeAll"], many["allValue"]) == (True, True, ".*")
    assert "allValue" not in Variable("site", "Site", "SHOW").made()
    assert finest()["current"]["value"] == "2m"
    assert console()["current"]["value"] == "http://127.0.0.1:8300"


def test_annotations_serve_older_and_newer_grafanas() -> None:
    """The same query and columns outside and inside the target."""
    (events,) = annotations("q")["list"]
    assert events["datasource"]["uid"] == "mw-event"
    for name in ("query", "textColumn", "tagsColumn"):
        assert events[name] == events["target"][name]


def test_a_dashboard_is_classic_and_keeps_time_in_its_links() -> None:
    """Schema 37, refreshed, no browser of the internet needed."""
    made = dashboard(
        "u", "T", "D", [("Q?", [panel(4, 4)])], variables=[finest()], events="q", links=[link("L", "/d/x", "tip")], since="now-1h"
    )
    assert (made["uid"], made["schemaVersion"], made["links"][0]["keepTime"]) == ("u", 37, True)
    assert json.loads(written(made)) == made
    assert written(made).endswith("}\n")
