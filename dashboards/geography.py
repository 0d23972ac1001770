"""Maps without the internet: Grafana's own country outlines, one layer of markers per shape, one line for a single path."""

from collections.abc import Sequence
from typing import Any

from dashboards.panel import REFS, Column, Panel, Query, Size
from dashboards.states import BLUE, GREY, INK, PURPLE, Family

OUTLINES = "public/maps/countries.geojson"
"""Served by Grafana itself; base maps of tiles are fetched by the browser and stay blank without the internet."""


def outlines() -> dict[str, Any]:
    """Return the layer of country outlines, as the base of the map."""
    style = {"color": {"fixed": GREY}, "opacity": 0.12, "lineWidth": 1}
    return {"type": "geojson", "name": "countries", "config": {"src": OUTLINES, "rules": [], "style": style}, "tooltip": False}


def markers(name: str, ref: str, style: dict[str, Any], *, tooltip: bool = True) -> dict[str, Any]:
    """Return a layer of markers at the columns lat and lon of one query."""
    return {
        "type": "markers",
        "name": name,
        "config": {"showLegend": False, "style": style},
        "location": {"mode": "coords", "latitude": "lat", "longitude": "lon"},
        "filterData": {"id": "byRefId", "options": ref},
        "tooltip": tooltip,
    }


def labels(name: str, ref: str, column: str, *, lower: int = 0) -> dict[str, Any]:
    """Return a layer of names beside markers, `lower` by pixels. A layer of its own, for a marker's colour is no ink to read."""
    beside = {"fontSize": 12, "offsetX": 14, "offsetY": lower, "textAlign": "left", "textBaseline": "middle"}
    text = {"mode": "field", "field": column, "fixed": ""}
    style = {"color": {"fixed": INK}, "opacity": 1, "size": {"fixed": 1, "min": 1, "max": 1}, "text": text, "textConfig": beside}
    return markers(f"names of {name}", ref, style, tooltip=False)


def symbol(shape: str, colour: str, *, size: int = 6, filled: float = 0.9, turned: int = 0) -> dict[str, Any]:
    """Return a marker's style. Grafana knows circle, square, triangle, star, cross and x-mark."""
    return {
        "symbol": {"mode": "fixed", "fixed": f"img/icons/marker/{shape}.svg"},
        "color": {"fixed": colour},
        "size": {"fixed": size, "min": 2, "max": 15},
        "rotation": {"fixed": turned, "mode": "mod", "min": -360, "max": 360},
        "opacity": filled,
        "lineWidth": 2,
    }


def family(one: Family, ref: str) -> dict[str, Any]:
    """Return the layer of all sites whose state has one shape. No names: those of near sites would lie over one another."""
    return markers(one.name, ref, symbol(one.symbol, one.colour, size=one.size, filled=one.filled, turned=one.turned))


def route(name: str, ref: str) -> dict[str, Any]:
    """Return the layer of one line through the rows of one query, in their order. Grafana draws the first frame only."""
    style = {"color": {"fixed": BLUE}, "opacity": 0.9, "lineWidth": 3}
    return {
        "type": "route",
        "name": name,
        "config": {"style": style},
        "location": {"mode": "coords", "latitude": "lat", "longitude": "lon"},
        "filterData": {"id": "byRefId", "options": ref},
        "tooltip": False,
    }


def geomap(
    title: str,
    description: str,
    queries: Sequence[Query],
    layers: Sequence[dict[str, Any]],
    columns: Sequence[Column],
    size: Size,
    fit: str,
) -> Panel:
    """Return a map. `layers` come above the outlines, the last on top; `fit` names the one whose extent is shown first."""
    options = {
        "view": {
            "id": "fit",
            "allLayers": False,
            "layer": fit,
            "lastOnly": False,
            "lat": 30,
            "lon": 10,
            "padding": 12,
            "zoom": 8,  # Grafana fills in 1, and takes it for the greatest zoom of a fit
            "maxZoom": 6,
        },
        "controls": {"showZoom": True, "mouseWheelZoom": False, "showAttribution": False, "showScale": False, "showDebug": False},
        "basemap": outlines(),
        "layers": list(layers),
        "tooltip": {"mode": "details"},
    }
    return Panel("geomap", title, description, queries, size, options, {"color": {"mode": "fixed", "fixedColor": PURPLE}}, columns)


def refs(queries: Sequence[Query]) -> str:
    """Return the references the queries of one panel get, in their order."""
    return REFS[: len(queries)]
