"""Draws the picture as the sections of the page: HTML by Jinja2, every value escaped.

The same input gives the same text, so a section that says nothing new is the same text again, and is not sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined

from server.console import devices_view, map_view, sites_view, timeline_view, truth_view
from server.console.charting import RANGE, RANGES, targets_of
from server.console.picture import Picture, Timeline
from server.console.stage import Stage
from server.console.words import QUIET, Moment, counted, moment, thousands
from server.watcher.states import SiteState

SECTIONS = ("headline", "truth", "stage", "events", "map", "sites", "devices", "timeline")
"""The parts that live, in the page's order; each is a template of its name and an element of its id."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a viewer looks at. `site` None is the worst; `span` is one of RANGES; `target` empty is the first."""

    site: str | None = None
    span: str = RANGE
    target: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What the page says of itself: whether lab agents are taken, where it listens, and the stage of a demo."""

    lab: bool = False
    listens: str = "127.0.0.1"
    local: bool = True
    stage: Stage | None = None


class Named(Protocol):
    """A part of a page: what it is called, and where a link leads to it."""

    @property
    def name(self) -> str:
        """Return its element's id."""
        ...

    @property
    def heading(self) -> str:
        """Return what stands above it."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page ready to send: the sections, what stands around them."""

    sections: dict[str, str]
    site: str
    title: str


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return the templates, all compiled now: the first page is as quick as any."""
    environment = Environment(
        loader=PackageLoader("server.console"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(counted=counted, thousands=thousands, spans=tuple(RANGES))
    for name in environment.list_templates():
        environment.get_template(name)
    return environment


class Renderer:
    """`assets` gives the address of a static file by its name."""

    def __init__(self, around: Around, assets: Mapping[str, str]) -> None:
        self._around = around
        self._assets = assets
        self._environment = _environment()

    def sections(self, picture: Picture, chart: Timeline | None, choice: Choice, away: Moment | None) -> Page:
        """Return all sections; `away` is since when the state database does not answer, if it does not."""
        site = sites_view.choose(picture, choice.site)
        headline = truth_view.headline(picture)
        parts: dict[str, dict[str, object]] = {
            "headline": {"headline": headline, "away": away, "picture_at": _clock(picture)},
            "truth": {"truth": truth_view.truth(picture)},
            "stage": {"inserted": self._around.stage.inserted() if self._around.stage else frozenset(), "site": site.site if site else ""},
            "events": {"events": truth_view.events(picture)},
            "map": {"map": map_view.view(picture.sites, site.site if site else ""), "has_simulated": _simulated(picture)},
            "sites": _sites(picture, site, choice),
            "devices": {"devices": devices_view.views(picture)},
            "timeline": _timeline(picture, site, chart, choice),
        }
        drawn = {name: self._render(name, choice=choice, **parts[name]).strip() for name in SECTIONS}
        return Page(drawn, site.site if site else "", headline.title)

    def page(self, page: Page, choice: Choice, now_iso: str) -> str:
        """Return the whole page."""
        return self._render("page", page=page, choice=choice, now=now_iso)

    def sentence(self, title: str, sentence: str, link: str) -> str:
        """Return a page that says one thing and leads back."""
        return self._render("sentence", title=title, sentence=sentence, link=link)

    def imported(self, told: Mapping[str, Any], link: str) -> str:
        """Return a page that says what became of a file's rows: `told` is the endpoint's answer."""
        return self._render("imported", told=told, link=link)

    def desk_part(self, name: str, read: Mapping[str, Any]) -> str:
        """Return one part of the desk."""
        return self._render(f"desk_{name}", **read)

    def desk(self, parts: Sequence[tuple[Named, str]]) -> str:
        """Return the desk, its parts drawn already."""
        return self._render("desk", parts=parts)

    def _render(self, name: str, **values: object) -> str:
        return self._environment.get_template(f"{name}.html").render(around=self._around, assets=self._assets, **values)


def _clock(picture: Picture) -> Moment | None:
    return moment(picture.at_ns, picture.at_ns, seconds=True)


def _simulated(picture: Picture) -> bool:
    return any(one.simulated for one in picture.sites)


def _sites(picture: Picture, site: SiteState | None, choice: Choice) -> dict[str, object]:
    return {
        "rows": sites_view.rows(picture, site.site if site else "", everything=choice.everything),
        "total": len(picture.sites),
        "loud": sum(one.verdict not in QUIET for one in picture.sites),
        "real": sum(not one.simulated for one in picture.sites),
    }


def _timeline(picture: Picture, site: SiteState | None, chart: Timeline | None, choice: Choice) -> dict[str, object]:
    drawn = timeline_view.view(chart, picture.events, site.zone, picture.at_ns) if site is not None and chart is not None else None
    targets = targets_of([run.target for run in chart.runs]) if chart else []
    return {"chart": chart, "view": drawn, "site": site, "targets": targets, "span": choice.span}
