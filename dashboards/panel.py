"""One panel: its queries, columns and options, as a value that becomes Grafana's JSON. Core panels only, raw InfluxQL only.

A missing value is written as words, never as 0; a null is never bridged by a line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

PLUGIN_VERSION = "9.3.2"
"""The oldest Grafana these panels were looked at in; newer ones migrate upwards from it."""
ABSENT = "no data"
REFS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Source = Literal["mw-raw", "mw-rollup", "mw-event"]
"""Uid of a data source; each is one bucket, for InfluxQL sees a bucket as a database."""
Format = Literal["table", "time_series"]
Style = Literal["lines", "stacked", "bars", "logarithmic"]
Size = tuple[int, int]
"""Width in Grafana's 24 columns, height in its rows of 30 pixels (38 with the gaps)."""


def datasource(source: Source) -> dict[str, str]:
    """Return the reference to a data source by uid (an object since schema 36)."""
    return {"type": "influxdb", "uid": source}


@dataclass(frozen=True, slots=True)
class Query:
    """Raw InfluxQL. `alias` names the series of a chart; `$tag_x` in it is the tag's value."""

    text: str
    source: Source = "mw-raw"
    form: Format = "table"
    alias: str = ""

    def target(self, ref: str) -> dict[str, Any]:
        """Return Grafana's target."""
        made: dict[str, Any] = {"refId": ref, "datasource": datasource(self.source), "rawQuery": True, "query": self.text}
        return made | {"resultFormat": self.form} | ({"alias": self.alias} if self.alias else {})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, or a series: its name in the data, its title, and how it is shown. `wrapped` is heard by newer Grafanas."""

    name: str
    title: str = ""
    unit: str = ""
    decimals: int | None = None
    width: int = 0
    mappings: Sequence[Mapping[str, Any]] = ()
    colour: str = ""
    cell: str = ""
    align: str = ""
    wrapped: bool = False
    link: tuple[str, str] | None = None
    absent: str = ""

    def override(self) -> dict[str, Any]:
        """Return Grafana's override, matched by the name in the data, which no renaming touches."""
        cell, colour = self.cell, self.colour
        if self.absent and not cell:
            cell, colour = "color-text", "text"  # a column of nulls only has no type, and Grafana's own cell would write null
        found: list[tuple[str, Any]] = [
            ("displayName", self.title),
            ("unit", self.unit),
            ("custom.width", self.width),
            ("mappings", list(self.mappings)),
            ("color", {"mode": "fixed", "fixedColor": colour} if colour else None),
            ("custom.displayMode", cell),
            ("custom.align", self.align),
            ("custom.cellOptions", {"type": "auto", "wrapText": True} if self.wrapped else None),
            ("links", [{"title": self.link[0], "url": self.link[1]}] if self.link else None),
            ("noValue", self.absent),
        ]
        properties = [{"id": name, "value": value} for name, value in found if value]
        if self.decimals is not None:
            properties.append({"id": "decimals", "value": self.decimals})
        return {"matcher": {"id": "byName", "options": self.name}, "properties": properties}


@dataclass(frozen=True, slots=True)
class Panel:
    """`description` says which question it answers. `span`: a range of its own instead of the page's, as 30d."""

    kind: str
    title: str
    description: str
    queries: Sequence[Query]
    size: Size
    options: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    columns: Sequence[Column] = ()
    transformations: Sequence[Mapping[str, Any]] = ()
    absent: str = ABSENT
    max_points: int = 0
    span: str = ""

    def made(self, number: int, left: int, top: int) -> dict[str, Any]:
        """Return Grafana's panel at a place."""
        first = self.queries[0].source if self.queries else "mw-raw"
        panel: dict[str, Any] = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "pluginVersion": PLUGIN_VERSION,
            "gridPos": {"x": left, "y": top, "w": self.size[0], "h": self.size[1]},
            "datasource": datasource(first),
            "interval": "$finest",
            "targets": [query.target(ref) for query, ref in zip(self.queries, REFS, strict=False)],
            "fieldConfig": {
                "defaults": ({"noValue": self.absent} if self.absent else {}) | dict(self.defaults),
                "overrides": [column.override() for column in self.columns],
            },
            "options": dict(self.options),
        }
        if self.transformations:
            panel["transformations"] = [dict(one) for one in self.transformations]
        if self.span:
            panel["timeFrom"] = self.span
        if self.max_points:
            panel["maxDataPoints"] = self.max_points
        return panel


def table(
    title: str,
    description: str,
    query: Query,
    columns: Sequence[Column],
    size: Size,
    absent: str,
    sort: tuple[str, bool] = ("", False),
) -> Panel:
    """Return a table of exactly these columns in this order; `sort` is (title, descending). `absent` stands where there are no rows."""
    shown = {column.name: at for at, column in enumerate(columns)}
    hidden = {name: True for name in ("Time", "time") if name not in shown}
    order = {"id": "organize", "options": {"excludeByName": hidden, "indexByName": shown, "renameByName": {}}}
    wanted = {"id": "filterFieldsByName", "options": {"include": {"names": [*shown]}}}
    options: dict[str, Any] = {"showHeader": True, "footer": {"show": False, "reducer": ["sum"], "fields": ""}}
    if sort[0]:
        options["sortBy"] = [{"displayName": sort[0], "desc": sort[1]}]
    defaults = {"custom": {"align": "auto", "displayMode": "auto", "filterable": True, "inspect": True}}
    return Panel("table", title, description, [query], size, options, defaults, columns, [wanted, order], absent)


def stat(
    title: str,
    description: str,
    queries: Sequence[Query],
    columns: Sequence[Column],
    size: Size,
    absent: str,
    fields: str = "",
) -> Panel:
    """Return large single values side by side: the newest of each series, or of the columns that match `fields` (a regular expression)."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": fields, "values": False},
        "orientation": "auto",
        "textMode": "value_and_name" if len(queries) > 1 or len(columns) > 1 else "value",
        "colorMode": "none",
        "graphMode": "none",
        "justifyMode": "auto",
    }
    return Panel("stat", title, description, queries, size, options, {}, columns, (), absent)


LINE: Final = {"drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "showPoints": "auto", "pointSize": 4, "spanNulls": False}


def chart(
    title: str,
    description: str,
    queries: Sequence[Query],
    columns: Sequence[Column],
    size: Size,
    unit: str = "ms",
    style: Style = "lines",
    absent: str = "",
) -> Panel:
    """Return a chart over time. A null breaks the line: a gap is a state to be seen.

    `absent` is for linear axes only: a logarithmic one writes it at each of its small ticks.
    """
    custom: dict[str, Any] = {**LINE, "scaleDistribution": {"type": "log", "log": 10} if style == "logarithmic" else {"type": "linear"}}
    if style in {"stacked", "bars"}:
        custom |= {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 60, "lineWidth": 1}
    if style == "bars":
        custom["drawStyle"] = "bars"
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "none"},
    }
    defaults = {"unit": unit, "custom": custom} | ({} if style == "logarithmic" else {"min": 0})
    return Panel("timeseries", title, description, queries, size, options, defaults, columns, (), absent)


def timeline(title: str, description: str, query: Query, mappings: Sequence[Mapping[str, Any]], size: Size) -> Panel:
    """Return states over time, one row a series, shape and word in the bar; where nothing was stored there is no bar."""
    options = {
        "showValue": "auto",
        "mergeValues": True,
        "alignValue": "left",
        "rowHeight": 0.85,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    defaults = {
        "mappings": list(mappings),
        "color": {"mode": "thresholds" if mappings else "palette-classic"},
        "thresholds": {"mode": "absolute", "steps": [{"color": "#8C8C8C", "value": None}]},
        "custom": {"lineWidth": 0, "fillOpacity": 90, "spanNulls": False},
    }
    return Panel("state-timeline", title, description, [query], size, options, defaults, absent="", max_points=160)
