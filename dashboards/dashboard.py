"""A whole dashboard in the classic model: panels under questions, variables, annotations, links.

Schema 37: Grafana migrates upwards only, and 9.3 is the oldest we look at.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboards.panel import Panel, datasource
from dashboards.states import PURPLE

SCHEMA_VERSION = 37
COLUMNS = 24
FLEET, SITE = "mw-fleet", "mw-site"
CONSOLE = "http://127.0.0.1:8300"
TO_SITE: Final = ("Open this site", f"/d/{SITE}/site?var-site=${{__data.fields.site:percentencode}}&${{__url_time_range}}")


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top of the page, read from the stored tags. `many` allows several, and all of them."""

    name: str
    label: str
    query: str
    many: bool = False

    def made(self) -> dict[str, Any]:
        """Return Grafana's variable; refreshed with the time range, for tag values know no range of their own."""
        made: dict[str, Any] = {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": datasource("mw-raw"),
            "query": self.query,
            "definition": self.query,
            "refresh": 2,
            "regex": "",
            "sort": 5,
            "hide": 0,
            "skipUrlSync": False,
            "multi": self.many,
            "includeAll": self.many,
            "options": [],
            "current": {},
        }
        if self.many:
            made |= {"allValue": ".*", "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}
        return made


def finest() -> dict[str, Any]:
    """Return the choice of the shortest step of charts: twice the agents' cadence, so that an empty step is a gap and not chance."""
    values = ("10s", "30s", "2m", "10m", "1h")
    options = [{"selected": one == "2m", "text": one, "value": one} for one in values]
    query = ",".join(values)
    label = "Finest step"
    current = {"selected": True, "text": "2m", "value": "2m"}
    return {"type": "custom", "name": "finest", "label": label, "query": query, "options": options, "current": current, "hide": 0}


def console() -> dict[str, Any]:
    """Return the text box with the address of the console's pages."""
    current = {"selected": True, "text": CONSOLE, "value": CONSOLE}
    return {"type": "textbox", "name": "console", "label": "Console", "query": CONSOLE, "current": current, "options": [current], "hide": 0}


def annotations(query: str) -> dict[str, Any]:
    """Return the vertical marks of every chart: each event with its sentence.

    Older Grafanas read the columns outside, newer ones inside `target`.
    """
    columns = {"textColumn": "sentence", "tagsColumn": "kind,severity", "timeEndColumn": "", "titleColumn": ""}
    target = {"refId": "Anno", "query": query, "queryType": "tags", "fromAnnotations": True, "name": "Events", **columns}
    events = {
        "name": "Events",
        "datasource": datasource("mw-event"),
        "enable": True,
        "hide": False,
        "iconColor": PURPLE,
        "query": query,
        **columns,
        "target": target,
    }
    return {"list": [events]}


def link(title: str, url: str, tooltip: str) -> dict[str, Any]:
    """Return a link at the top of the page that keeps the time range."""
    return {"type": "link", "title": title, "url": url, "tooltip": tooltip, "icon": "external link", "keepTime": True, "targetBlank": False}


Sections = Sequence[tuple[str, Sequence[Panel | tuple[Panel, ...]]]]
"""A question and the panels that answer it; a tuple is a stack, one panel below the other."""


def laid_out(sections: Sections) -> list[dict[str, Any]]:
    """Return all panels with their places: each section's question in a row of its own, its panels from left to right, wrapped."""
    made: list[dict[str, Any]] = []
    top = 0
    for question, panels in sections:
        made.append(_heading(len(made) + 1, question, top))
        top, left, tallest = top + 1, 0, 0
        for one in panels:
            stack = one if isinstance(one, tuple) else (one,)
            width = max(panel.size[0] for panel in stack)
            if left + width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            below = top
            for panel in stack:
                made.append(panel.made(len(made) + 1, left, below))
                below += panel.size[1]
            left, tallest = left + width, max(tallest, below - top)
        top += tallest
    return made


def _heading(number: int, question: str, top: int) -> dict[str, Any]:
    place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
    return {"id": number, "type": "row", "title": question, "collapsed": False, "gridPos": place, "panels": []}


def dashboard(
    uid: str,
    title: str,
    description: str,
    sections: Sections,
    *,
    variables: Sequence[dict[str, Any]],
    events: str,
    links: Sequence[dict[str, Any]],
    since: str,
) -> dict[str, Any]:
    """Return the dashboard. `since` is the range it opens with, as Grafana writes it (now-3h)."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["middlewatch"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "weekStart": "",
        "refresh": "30s",
        "time": {"from": since, "to": "now"},
        "timepicker": {"refresh_intervals": ["5s", "30s", "1m", "5m", "15m"]},
        "templating": {"list": list(variables)},
        "annotations": annotations(events),
        "links": list(links),
        "panels": laid_out(sections),
    }


def written(made: object) -> str:
    """Return what is committed: stable, readable in a comparison, with a last newline."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
