#!/usr/bin/env python3
"""Make server/console/static/world.svg, the outlines of the map, from world-atlas 2.0.2 (`countries-110m.json`). Run once, by hand.

Natural Earth is in the public domain. The file is TopoJSON: arcs of whole numbers, each the step from the one before,
shared by neighbours.
Usage: scripts/world_outline.py countries-110m.json
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from server.console.projection import HEIGHT, SOUTH, WIDTH, project  # noqa: E402 - the path comes first

LEFT_OUT = {"Antarctica", "Fr. S. Antarctic Lands"}
ZERO = re.compile(r"(?<!\d)0(?=\.)")
Ring = list[tuple[float, float]]


def main() -> None:
    """Write the file and say how large it is."""
    world = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    arcs = [_unfolded(arc, world["transform"]) for arc in world["arcs"]]
    shown = [one for one in world["objects"]["countries"]["geometries"] if one["properties"]["name"] not in LEFT_OUT]
    path = "".join(_drawn(part) for one in shown for ring in _rings(one, arcs) for part in _cut(ring))
    target = ROOT / "server/console/static/world.svg"
    box = f'viewBox="0 0 {WIDTH:g} {HEIGHT}"'
    target.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {box}><path id="land" d="{path}"/></svg>\n', encoding="utf-8")
    print(f"{target}: {target.stat().st_size} bytes, {len(shown)} countries")


def _unfolded(arc: list[list[int]], transform: dict[str, list[float]]) -> Ring:
    """Return an arc as (longitude, latitude)."""
    x = y = 0
    points = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        points.append((x * transform["scale"][0] + transform["translate"][0], y * transform["scale"][1] + transform["translate"][1]))
    return points


def _rings(geometry: dict[str, Any], arcs: list[Ring]) -> list[Ring]:
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    return [_joined(ring, arcs) for polygon in polygons for ring in polygon]


def _joined(numbers: list[int], arcs: list[Ring]) -> Ring:
    """Return a ring; a number below zero is an arc walked backwards (TopoJSON 2.1.4)."""
    ring: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring


def _cut(ring: Ring) -> list[Ring]:
    """Return a ring that crosses the date line as its parts on either side of it."""
    whole = [ring[0]]
    for longitude, latitude in ring[1:]:
        turns = round((whole[-1][0] - longitude) / 360)
        whole.append((longitude + 360 * turns, latitude))
    if all(-180 <= longitude <= 180 for longitude, _ in whole):
        return [whole]
    shifted = [[(longitude + shift, latitude) for longitude, latitude in whole] for shift in (-360, 0, 360)]
    return [part for one in shifted if (part := _within(_within(one, 180, 1), -180, -1))]


def _within(ring: Ring, edge: float, side: int) -> Ring:
    """Return what lies west (`side` 1) or east (-1) of a meridian (Sutherland and Hodgman)."""
    kept: Ring = []
    for (before, south), (here, north) in zip(ring[-1:] + ring[:-1], ring, strict=True):
        if (before - edge) * side * ((here - edge) * side) < 0:
            kept.append((edge, south + (north - south) * (edge - before) / (here - before)))
        if (here - edge) * side <= 0:
            kept.append((here, north))
    return kept if any(longitude != edge for longitude, _ in kept) else []


def _drawn(ring: Ring) -> str:
    """Return a ring as path data in relative tenths of a map unit; what rounds to no step is left out.

    So are islands below a unit.
    """
    points = [tuple(round(part * 10) for part in project(max(latitude, SOUTH), longitude)) for longitude, latitude in ring]
    wide = max(x for x, _ in points) - min(x for x, _ in points)
    high = max(y for _, y in points) - min(y for _, y in points)
    if max(wide, high) < 10:
        return ""
    text, (px, py) = f"M{points[0][0] / 10:g} {points[0][1] / 10:g}l", points[0]
    for x, y in points[1:]:
        if (x, y) != (px, py):
            text += ZERO.sub("", f"{(x - px) / 10:g} {(y - py) / 10:g} ").replace(" -", "-")
            px, py = x, y
    return text.rstrip() + "z"


if __name__ == "__main__":
    main()
