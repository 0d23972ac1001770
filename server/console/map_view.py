"""The map as shapes: one marker per site, the way of some of them out to Microsoft. Arithmetic only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.console.projection import HEIGHT, WIDTH, project
from server.console.words import Mark, counted, mark, rank, thousands
from server.fleet.registry import Place, distance_km
from server.watcher.states import SiteState

BACKHAUL_KM = 800
"""Microsoft's rule for the egress: farther from the site than this, traffic is carried home first (facts/m365 §3)."""
DISAGREE_KM = 2500
"""Ours: a front door this far from the egress is not one that egress would be sent to; then egress and front door disagree."""
MARGIN = 60.0
NARROWEST = 260.0
"""Map units: closer in, the coarse outlines show."""
LABEL = 11.0
_LETTER = 0.56
"""Width of a letter by the height of the text, in common system fonts."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Marker:
    """One site."""

    site: str
    x: float
    y: float
    size: float
    mark: Mark
    simulated: bool
    chosen: bool
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A site's name beside its marker."""

    text: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Way:
    """A line with its ends: site to egress, or egress to front door."""

    path: str
    dashed: bool
    far: bool
    x: float
    y: float
    end: str
    stop: str


@dataclass(frozen=True, slots=True)
class MapView:
    """The whole map in map units; `unit` is the size of one on the full map, so that marks keep their size when it is cut."""

    box: Box
    unit: float
    markers: Sequence[Marker]
    ways: Sequence[Way]
    labels: Sequence[Label]
    unplaced: Sequence[str]


def view(sites: Sequence[SiteState], chosen: str) -> MapView:
    """Return the map; sites whose place is not configured are named beside it."""
    placed = [(one, project(one.place.latitude, one.place.longitude)) for one in sites if one.place is not None]
    lines = [one for one in sites if one.place is not None and (one.site == chosen or is_backhaul(one))]
    box = _box([point for _, point in placed] + [project(stop.latitude, stop.longitude) for one in lines for _, stop in _stops(one)])
    unit = box[2] / WIDTH
    drawn = sorted(placed, key=lambda one: (one[0].site == chosen, not one[0].simulated, rank(one[0].verdict)))
    markers = [_marker(one, point, unit, chosen) for one, point in drawn]
    labels = _labels([one for one in reversed(markers) if one.chosen or not one.simulated], unit)
    ways = [way for one in lines for way in _ways(one)]
    return MapView(box, unit, markers, ways, labels, [one.site for one in sites if one.place is None])


def is_backhaul(site: SiteState) -> bool:
    """Return whether a site leaves to the Internet farther away than Microsoft's rule allows."""
    return site.distance_km is not None and site.distance_km > BACKHAUL_KM


def title_of(site: SiteState) -> str:
    """Return what a marker says to who hovers or listens."""
    told = f"{site.site}: {site.verdict}, {counted(site.hosts, 'host')} of {site.targets}" if site.hosts else f"{site.site}: {site.verdict}"
    far = f"; backhaul, leaves {thousands(site.distance_km)} km away" if is_backhaul(site) and site.distance_km is not None else ""
    return f"{told}{far}{' (simulated)' if site.simulated else ''}"


def _marker(site: SiteState, point: tuple[float, float], unit: float, chosen: str) -> Marker:
    size = round((4.2 if site.simulated else 7.0) * unit, 2)
    return Marker(site.site, *point, size, mark(site.verdict), site.simulated, site.site == chosen, title_of(site))


def _stops(site: SiteState) -> list[tuple[str, Place]]:
    """Return what is known of the way out, in its order."""
    egress = [(site.egress_name or site.egress or "egress", site.egress_place)]
    door = [(f"front door {site.front_door}", site.front_door_place)]
    return [(name, Place(place.latitude, place.longitude)) for name, place in [*egress, *door] if place is not None]


def _ways(site: SiteState) -> list[Way]:
    """Return the lines of one site; dashed where a fact is missing or egress and front door disagree."""
    stops = _stops(site)
    if site.place is None or not stops:
        return []
    apart = (
        distance_km(_plain(site.egress_place), _plain(site.front_door_place)) > DISAGREE_KM
        if site.egress_place is not None and site.front_door_place is not None
        else True
    )
    ways = []
    before = project(site.place.latitude, site.place.longitude)
    for name, place in stops:
        at = project(place.latitude, place.longitude)
        stop = "door" if name.startswith("front door") else "egress"
        ways.append(Way(_curve(before, at), apart, is_backhaul(site), *at, name, stop))
        before = at
    return ways


def _plain(place: object) -> Place:
    return Place(place.latitude, place.longitude)  # type: ignore[attr-defined] # whatever has a latitude and a longitude is a place


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Return a line bent upwards a little, so that a way there and one back are two lines."""
    (x1, y1), (x2, y2) = start, end
    bend = 0.14 * (abs(x2 - x1) + abs(y2 - y1))
    return f"M{x1:g} {y1:g}Q{round((x1 + x2) / 2, 1):g} {round((y1 + y2) / 2 - bend, 1):g} {x2:g} {y2:g}"


def _box(points: Sequence[tuple[float, float]]) -> Box:
    """Return the part of the map that holds all points with a margin, in the shape of the whole map."""
    if not points:
        return 0.0, 0.0, WIDTH, float(HEIGHT)
    left, right = min(x for x, _ in points) - MARGIN, max(x for x, _ in points) + MARGIN
    top, bottom = min(y for _, y in points) - MARGIN, max(y for _, y in points) + MARGIN
    width = min(WIDTH, max(NARROWEST, right - left, (bottom - top) * WIDTH / HEIGHT))
    height = width * HEIGHT / WIDTH
    x = min(max(0.0, (left + right - width) / 2), WIDTH - width)
    y = min(max(0.0, (top + bottom - height) / 2), HEIGHT - height)
    return round(x, 1), round(y, 1), round(width, 1), round(height, 1)


def _labels(markers: Iterable[Marker], unit: float) -> list[Label]:
    """Return names where they cover neither each other nor a marker that has one: right, left, above, below; worst first."""
    shown = list(markers)
    taken: list[Box] = [(one.x - one.size, one.y - one.size, one.x + one.size, one.y + one.size) for one in shown]
    labels = []
    high = LABEL * unit
    for one in shown:
        wide, off = len(one.site) * high * _LETTER, one.size * 1.7
        for x, y, anchor, left in (
            (one.x + off, one.y + high * 0.35, "start", one.x + off),
            (one.x - off, one.y + high * 0.35, "end", one.x - off - wide),
            (one.x, one.y - off, "middle", one.x - wide / 2),
            (one.x, one.y + off + high * 0.8, "middle", one.x - wide / 2),
        ):
            area = (left, y - high, left + wide, y)
            if not any(_meet(area, other) for other in taken) and left >= 0 and left + wide <= WIDTH:
                taken.append(area)
                labels.append(Label(one.site, round(x, 1), round(y, 1), anchor))
                break
    return labels


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
