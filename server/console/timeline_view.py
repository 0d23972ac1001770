"""One site's timeline as shapes: a strip per path with verdict segments, the phases below, events as marks. Arithmetic only.

All share one time axis. A gap is a gap: where nothing was heard no segment is drawn and the gap says since when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from server.console.picture import PHASES, Timeline
from server.console.words import QUIET, Mark, Moment, mark, moment, rank
from server.state.paths import StoredRun
from server.state.showing import ShownEvent
from server.watcher.beside import kind_of, said

LABEL_WIDTH, CHART_WIDTH, RIGHT = 264.0, 920.0, 16.0
WIDTH = LABEL_WIDTH + CHART_WIDTH + RIGHT
STRIP, STRIP_GAP, TOP = 20.0, 8.0, 32.0
PHASE_HEIGHT = 112.0
LABEL_FITS = 84.0
"""Narrowest segment that still holds its word."""
TICKS = 6
PHASE_WORDS = {
    "dns_ms": "DNS",
    "connect_ms": "connect",
    "proxy_ms": "proxy",
    "tls_ms": "TLS",
    "first_byte_ms": "first byte",
    "body_ms": "body",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one verdict (or of nothing heard, `mark` None) on one strip."""

    x: float
    width: float
    mark: Mark | None
    title: str
    labelled: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """One target on one route."""

    label: str
    y: float
    now: Mark | None
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Bar:
    """One phase in one step."""

    x: float
    y: float
    width: float
    height: float
    phase: str


@dataclass(frozen=True, slots=True)
class Column:
    """The phases of one step, one upon another."""

    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Flag:
    """An event on the axis."""

    x: float
    number: int
    title: str


@dataclass(frozen=True, slots=True)
class TimelineView:
    """The whole drawing, in its own units; `y_*` are where its parts begin."""

    height: float
    y_axis: float
    y_phases: float
    strips: Sequence[Strip]
    columns: Sequence[Column]
    ticks: Sequence[tuple[float, str]]
    scale: Sequence[tuple[float, str]]
    flags: Sequence[Flag]
    gaps: Sequence[tuple[float, float, str]]
    legend: Sequence[tuple[str, str]]
    newest: Sequence[tuple[str, str]] = field(default_factory=list)
    width: float = WIDTH
    left: float = LABEL_WIDTH
    right: float = LABEL_WIDTH + CHART_WIDTH
    top: float = TOP
    strip: float = STRIP


def view(chart: Timeline, events: Iterable[ShownEvent], zone: str, now_ns: int) -> TimelineView:
    """Return the drawing."""
    strips = _strips(chart, zone, now_ns)
    y_axis = TOP + len(strips) * (STRIP + STRIP_GAP) + 4
    y_phases = y_axis + 32
    most = _most(chart)
    return TimelineView(
        height=y_phases + PHASE_HEIGHT + 24,
        y_axis=y_axis,
        y_phases=y_phases,
        strips=strips,
        columns=_columns(chart, y_phases, most),
        ticks=_ticks(chart, zone),
        scale=[(y_phases + PHASE_HEIGHT * (1 - part), f"{most * part:g} ms") for part in (0, 0.5, 1)] if chart.phases else [],
        flags=_flags(chart, events),
        gaps=_gaps(chart, zone, now_ns),
        legend=[(phase, PHASE_WORDS[phase]) for phase in PHASES if any(chart.phases.get(phase, ()))],
        newest=_newest(chart),
    )


def _x(chart: Timeline, at_ns: int) -> float:
    part = (at_ns - chart.start_ns) / (chart.end_ns - chart.start_ns)
    return round(LABEL_WIDTH + CHART_WIDTH * max(0.0, min(1.0, part)), 1)


def _strips(chart: Timeline, zone: str, now_ns: int) -> list[Strip]:
    paths: dict[tuple[str, str], list[StoredRun]] = {}
    for run in chart.runs:
        paths.setdefault((run.target, run.route), []).append(run)
    paths = {path: runs for path, runs in paths.items() if not kind_of(path[0]) or any(run.verdict not in QUIET for run in runs)}
    heard_to = _heard_to(chart, now_ns)
    strips = []
    for index, ((target, route), runs) in enumerate(sorted(paths.items())):
        stretches = [one for one in _worst(runs, heard_to) if one[1] > chart.start_ns]
        segments = [_segment(chart, one, zone, now_ns) for one in stretches]
        label = said(target) + ("" if route == "direct" else f" by {route}")
        strips.append(Strip(label, TOP + index * (STRIP + STRIP_GAP), mark(stretches[-1][2]) if stretches else None, segments))
    return strips


def _heard_to(chart: Timeline, now_ns: int) -> int:
    """Return the end of the last step anything was heard in: a current run is known to go on until then."""
    steps = [index for index, there in enumerate(chart.heard) if there]
    return min(now_ns, chart.start_ns + (steps[-1] + 1) * chart.step_ns) if steps else 0


def _worst(runs: Sequence[StoredRun], heard_to: int) -> list[tuple[int, int, str]]:
    """Return (from, to, verdict) of the worst that any agent saw at each time. A run goes on to the agent's next one, or to `heard_to`."""
    reach: list[tuple[int, int, str]] = []
    following: dict[str, int] = {}
    for run in sorted(runs, key=lambda one: -one.first_ns):
        until = following.get(run.agent, max(run.last_ns, heard_to))
        following[run.agent] = run.first_ns
        if until > run.first_ns:
            reach.append((run.first_ns, until, run.verdict))
    edges = sorted({edge for first, until, _ in reach for edge in (first, until)})
    found: list[tuple[int, int, str]] = []
    for first, until in pairwise(edges):
        there = [verdict for begin, end, verdict in reach if begin <= first and until <= end]
        if not there:
            continue
        worst = max(there, key=rank)
        if found and found[-1][2] == worst and found[-1][1] == first:
            found[-1] = (found[-1][0], until, worst)
        else:
            found.append((first, until, worst))
    return found


def _segment(chart: Timeline, stretch: tuple[int, int, str], zone: str, now_ns: int) -> Segment:
    first, until, verdict = stretch
    x, end = _x(chart, first), _x(chart, until)
    since, to = moment(first, now_ns, zone, seconds=True), moment(until, now_ns, zone, seconds=True)
    title = f"{verdict}, {_text(since)} to {_text(to)}"
    return Segment(x, round(max(end - x, 1.5), 1), mark(verdict), title, end - x >= LABEL_FITS)


def _text(at: Moment | None) -> str:
    return at.text if at else "?"


def _most(chart: Timeline) -> float:
    """Return the top of the scale: the next 1, 2 or 5 above the highest stack."""
    highest = max((sum(filter(None, column)) for column in zip(*chart.phases.values(), strict=True)), default=0.0)
    size = 1.0
    while size < highest:
        for factor in (2.0, 2.5, 2.0):
            if size < highest:
                size *= factor
    return max(size, 10.0)


def _columns(chart: Timeline, top: float, most: float) -> list[Column]:
    columns = []
    width = CHART_WIDTH * chart.step_ns / (chart.end_ns - chart.start_ns)
    for index, values in enumerate(zip(*chart.phases.values(), strict=True)):
        there = [(name, value) for name, value in zip(chart.phases, values, strict=True) if value]
        base, bars = top + PHASE_HEIGHT, []
        x = round(LABEL_WIDTH + index * width + 0.5, 1)
        for name, value in there:
            height = PHASE_HEIGHT * value / most
            base -= height
            bars.append(Bar(x, round(base, 1), round(width - 1, 1), round(height, 1), name.removesuffix("_ms")))
        if bars:
            told = ", ".join(f"{PHASE_WORDS[name]} {value:.0f} ms" for name, value in there)
            columns.append(Column(f"mean of this step: {told}; {sum(value for _, value in there):.0f} ms together", bars))
    return columns


def _ticks(chart: Timeline, zone: str) -> list[tuple[float, str]]:
    """Return times at round distances, in the site's zone."""
    span_s = (chart.end_ns - chart.start_ns) // 10**9
    every = next((one for one in (60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400) if span_s / one <= TICKS), 14400) * 10**9
    first = -(-chart.start_ns // every) * every
    return [(_x(chart, at), _text(moment(at, at, zone))) for at in range(first, chart.end_ns, every)]


def _flags(chart: Timeline, events: Iterable[ShownEvent]) -> list[Flag]:
    there = [one for one in events if one.scope == chart.site and chart.start_ns <= one.at_ns < chart.end_ns]
    return [Flag(_x(chart, one.at_ns), index + 1, one.sentence) for index, one in enumerate(sorted(there, key=lambda one: one.at_ns))]


def _gaps(chart: Timeline, zone: str, now_ns: int) -> list[tuple[float, float, str]]:
    """Return (x, width, words) of the stretches in which no agent of the site was heard, up to now."""
    gaps: list[tuple[float, float, str]] = []
    begin: int | None = None
    done = max(0, (now_ns - chart.start_ns) // chart.step_ns - 1)  # the step that runs, and the one before it, may be waited for
    for index, there in enumerate([*chart.heard[:done], True]):
        at = chart.start_ns + index * chart.step_ns
        if not there and begin is None:
            begin = at
        elif there and begin is not None:
            open_end = index == done and not any(chart.heard[done:])
            x, end = _x(chart, begin), _x(chart, now_ns if open_end else at)
            words = f"no data since {_text(moment(begin, now_ns, zone))}" if open_end else "no data"
            gaps.append((x, round(end - x, 1), words))
            begin = None
    return gaps


def _newest(chart: Timeline) -> list[tuple[str, str]]:
    """Return the newest mean of each phase in words, for who does not see the bars."""
    newest = []
    for phase, values in chart.phases.items():
        there = [value for value in values if value is not None]
        if there:
            newest.append((PHASE_WORDS[phase], f"{there[-1]:.0f} ms"))
    return newest
