"""Is the picture true, and what is worst, in one sentence each; what changed, as rows. Words only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.console.picture import Picture
from server.console.sites_view import job_of, jobs_of, ordered, percent
from server.console.words import EVENT_WORDS, QUIET, SEVERITY_WORDS, Mark, Moment, counted, mark, moment, thousands
from server.watcher.states import SiteState

NAMED = 6
"""Agents named before the rest is counted."""
WHOLE = 0.999
FRESH_NS = 10 * 60 * 10**9
"""An event is marked as new for ten minutes: as long as somebody needs to come back to the screen."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One answer: what is asked, the answer in figures, what it means. `good` False asks for somebody."""

    asked: str
    answer: str
    more: str
    good: bool
    at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether the picture can be believed. `lists`: by which endpoint list it was judged, in a sentence."""

    sentence: str
    good: bool
    tiles: Sequence[Tile]
    lists: str = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """The worst first, to be read aloud."""

    mark: Mark
    sentence: str
    rest: str
    title: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as listed."""

    id: int
    kind: str
    word: str
    severity: str
    severity_word: str
    scope: str
    simulated: bool
    sentence: str
    at: Moment | None
    fresh: bool


def truth(picture: Picture) -> Truth:
    """Return whether the picture can be believed, and why not."""
    tiles = [_agents(picture), _completeness(picture), _newest(picture), _watcher(picture), _history(picture)]
    wrong = [tile.more for tile in tiles if not tile.good]
    if not picture.agents:
        return Truth("No agent has reported yet: this page knows nothing of any site.", good=False, tiles=tiles, lists=picture.lists)
    sentence = "Yes. Every part that measures, stores and decides is at work." if not wrong else f"Not wholly. {' '.join(wrong)}"
    return Truth(sentence, not wrong, tiles, picture.lists)


def headline(picture: Picture) -> Headline:
    """Return what is worst: of real sites if there are any, with the simulated ones counted and named as such."""
    real = [one for one in picture.sites if not one.simulated] or list(picture.sites)
    loud = [one for one in ordered(real) if one.verdict not in QUIET]
    pretended = sum(one.simulated and one.verdict not in QUIET for one in picture.sites) if len(real) < len(picture.sites) else 0
    also = f"Of the simulated sites, {pretended} {'asks' if pretended == 1 else 'ask'} for somebody too." if pretended else ""
    if not picture.sites:
        return Headline(mark("silent"), "Nothing is known yet.", "The first report of an agent brings its site here.", "Middlewatch")
    if not loud:
        clean = sum(one.verdict == "clean" for one in real)
        told = f"Nothing asks for somebody: {clean} of {counted(len(real), 'site')} clean."
        return Headline(mark("clean"), told, also, "Middlewatch")
    worst, zone = loud[0], loud[0].zone
    since = moment(worst.since_ns, picture.at_ns, zone)
    hosts = f", {worst.hosts} of {counted(worst.targets, 'host')}" if worst.hosts else ""
    job = job_of(worst, jobs_of(picture))
    said = f"{worst.site}: {worst.verdict}{f' since {since.said}' if since else ''}{hosts}. For: {job}."
    more = f"{counted(len(loud) - 1, 'more site asks', 'more sites ask')} for somebody." if len(loud) > 1 else ""
    return Headline(mark(worst.verdict), said, f"{more} {also}".strip(), f"{mark(worst.verdict).shape} {len(loud)} · Middlewatch")


def events(picture: Picture) -> list[EventRow]:
    """Return the newest events, newest first, at the site's own time. What is not known to be new is no news."""
    sites: Mapping[str, SiteState] = {one.site: one for one in picture.sites}
    rows = []
    for one in picture.events:
        site = sites.get(one.scope)
        zone = site.zone if site else "UTC"
        rows.append(
            EventRow(
                one.id,
                one.kind,
                EVENT_WORDS.get(one.kind, one.kind),
                one.severity,
                SEVERITY_WORDS.get(one.severity, one.severity),
                one.scope,
                site is not None and site.simulated,
                one.sentence,
                moment(one.at_ns, picture.at_ns, zone, seconds=True),
                picture.at_ns - one.made_ns < FRESH_NS and one.kind != "discovered",
            )
        )
    return rows


def _named(names: Sequence[str]) -> str:
    rest = len(names) - NAMED
    return f"{', '.join(names[:NAMED])}{f' and {rest} more' if rest > 0 else ''}"


def _agents(picture: Picture) -> Tile:
    reporting = sum(one.state == "reporting" for one in picture.agents)
    late = sorted(one.agent for one in picture.agents if one.state == "late")
    silent = sorted(one.agent for one in picture.agents if one.state == "silent")
    parts = [f"{word}: {_named(names)}." for word, names in (("Silent", silent), ("Late", late)) if names]
    answer = f"{thousands(reporting)} of {thousands(len(picture.agents))}"
    return Tile("agents reporting", answer, " ".join(parts) or "None is late, none is silent.", not silent and reporting > 0)


def _completeness(picture: Picture) -> Tile:
    expected, stored = sum(one.expected for one in picture.agents), sum(one.stored for one in picture.agents)
    dropped = sum(one.dropped for one in picture.agents)
    if not expected:
        return Tile("complete, last hour", "no data", "No report is expected yet.", good=True)
    share = min(1.0, stored / expected)
    lost = f" {counted(dropped, 'report was', 'reports were')} dropped by full agents." if dropped else ""
    more = f"{thousands(stored)} of {thousands(expected)} reports are stored.{lost}"
    return Tile("complete, last hour", percent(share), more, share >= WHOLE)


def _newest(picture: Picture) -> Tile:
    newest = max(picture.agents, key=lambda one: one.latest_ns, default=None)
    if newest is None or not newest.latest_ns:
        return Tile("newest report", "no data", "No report is stored yet.", good=False)
    at = moment(newest.latest_ns, picture.at_ns, seconds=True)
    return Tile("newest report", "", f"From {newest.agent}.", newest.state != "silent", at)


def _watcher(picture: Picture) -> Tile:
    if picture.decided_until_ns > picture.at_ns:
        return Tile("watcher", "decides", "Changes are told as they come.", good=True)
    since = moment(picture.decided_until_ns, picture.at_ns)
    told = f"No watcher decides since {since.said}: new devices are seen but not told." if since else "No watcher has decided anything yet."
    return Tile("watcher", "stands by", told, good=False)


def _history(picture: Picture) -> Tile:
    if picture.history:
        return Tile("history", "away", f"The history store: {picture.history.rstrip('.')}.", good=False)
    return Tile("history", "ok", "Measurements are being stored.", good=True)
