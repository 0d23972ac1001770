"""Rollups over the API: rows of hours and days, whole ranges, what is usual at a time of the week, what has changed; rows as CSV.

To read, and to have hours summed up again. Percentiles are left out where there are fewer than 24 samples.
"""

from datetime import datetime
from typing import Final

from pydantic import Field

from server.console.api.moments import Moment, moment, nanoseconds
from server.console.api.route import Answer, Call, Listing, PageQuery, Problem, Resource, Route, page_of
from server.fleet.zones import zone_of
from server.history.port import Unavailable
from server.watcher.rollups.changes import DAY_NS
from server.watcher.rollups.local_time import local
from server.watcher.rollups.reading import (
    Grain,
    Row,
    Wanted,
    changes_at,
    csv_of,
    recompute,
    rows_of,
    sites_with_days,
    usual_hours,
    whole_of,
)
from server.watcher.rollups.windows import Window
from server.watcher.rollups.words import change_words

MOST_DAYS: Final = 800
MOST_HOURS_DAYS: Final = 100
MOST_DAYS_OF_ALL: Final = 2
"""Days of one answer: a site's 25 months; a site's hours of a quarter; two days of every site (10,000 rows of a thousand sites). More of
every site is what `/rollups/range` merges."""
MOST_SITES: Final = 100


class Rollup(Resource):
    """One local hour, or one window of a local day (of an hour empty). `figures`: columns of the CSV, less what cannot be said."""

    site: str
    workload: str
    route: str
    window: str
    start: Moment
    figures: dict[str, float | int]


class RowsQuery(Resource):
    """Which rows: from `since` (30 days before `until`) to `until` (now), by their start; empty is any."""

    site: str = Field("", max_length=256)
    grain: Grain = "day"
    workload: str = Field("", max_length=63)
    route: str = Field("", max_length=63)
    window: Window | None = None
    since: Moment | None = None
    until: Moment | None = None


class RollupQuery(RowsQuery, PageQuery):
    """A page of rows."""

    after: str = Field("", pattern=r"^\d{0,9}$", description="as `next` gave it")


class RangeQuery(PageQuery):
    """Which range of whole days, in which window; a page has at most 100 sites."""

    site: str = Field("", max_length=256)
    workload: str = Field("", max_length=63)
    route: str = Field("", max_length=63)
    window: Window = "24x7"
    since: Moment | None = None
    until: Moment | None = None
    limit: int = Field(MOST_SITES, ge=1, le=MOST_SITES)


class Whole(Resource):
    """One site in a range. `figures` by workload and route: counts and percentiles of the whole range, by merged distributions."""

    site: str
    ways: list[Rollup]


class BaselineQuery(Resource):
    """Which hours of one way: from `since` (24 hours before `until`) to `until` (now)."""

    site: str = Field(min_length=1, max_length=256)
    workload: str = Field(min_length=1, max_length=63)
    route: str = Field(min_length=1, max_length=63)
    since: Moment | None = None
    until: Moment | None = None


class Hour(Resource):
    """One local hour of the total time, ms, and what is usual at its time of the week, by `samples` of up to eight weeks before."""

    start: Moment
    count: int
    p50_ms: float | None
    p95_ms: float | None
    usual_p50_ms: float | None
    usual_p95_ms: float | None
    percent: float | None
    weeks: int
    samples: int


class Together(Resource):
    """An event of the same days."""

    kind: str
    at: Moment
    sentence: str


class Changed(Resource):
    """A change of level of the p95 of the total time. `chance`: how likely such a break is in noise."""

    workload: str
    route: str
    since: Moment
    before_ms: float
    after_ms: float
    percent: float
    chance: float
    agents: int
    words: str
    together: list[Together]


class Again(Resource):
    """Hours of a site to be summed up again, by the raw points that are kept (14 days)."""

    site: str = Field(min_length=1, max_length=256)
    since: Moment
    until: Moment


class Marked(Resource):
    """How many hours were marked; the watcher takes them up within minutes."""

    hours: int


async def listed(call: Call) -> Answer:
    """List rows, oldest first."""
    asked = call.asked(RollupQuery)
    rows = await _rows(call, asked)
    skipped = int(asked.after or 0)
    page = rows[skipped : skipped + asked.limit]
    more = str(skipped + asked.limit) if len(rows) > skipped + asked.limit else None
    return Answer(Listing[Rollup](items=[_rollup(call, row) for row in page], next=more))


async def as_csv(call: Call) -> Answer:
    """Give rows as CSV."""
    rows = await _rows(call, call.asked(RowsQuery))
    name = 'attachment; filename="rollups.csv"'
    text = csv_of(rows, lambda site: zone_of(_zone(call, site)))
    return Answer(text, media="text/csv; charset=utf-8", headers={"Content-Disposition": name})


async def ranged(call: Call) -> Answer:
    """Merge a range of days, site by site."""
    asked = call.asked(RangeQuery)
    since_ns, until_ns = _span(call, asked.since, asked.until, 30 * DAY_NS, MOST_DAYS)
    sites = [asked.site] if asked.site else [one for one in await sites_with_days(call.means.database) if one > asked.after]
    found = []
    for site in sites[: asked.limit + 1]:
        wanted = Wanted("day", since_ns, until_ns, site, asked.workload, asked.route, asked.window)
        ways = [
            _rollup(call, Row(site, *key, asked.window, since_ns, tally.figures()))
            for key, tally in (await whole_of(call.means.database, wanted)).items()
        ]
        found.append(Whole(site=site, ways=ways))
    return Answer(page_of(found, asked.limit, lambda one: one.site))


async def usual(call: Call) -> Answer:
    """Hold hours against what is usual at their time of the week."""
    asked = call.asked(BaselineQuery)
    since_ns, until_ns = _span(call, asked.since, asked.until, DAY_NS, 14)
    wanted = Wanted("hour", since_ns, until_ns, asked.site, asked.workload, asked.route)
    hours = []
    for stretch, tally, known in await usual_hours(call.means.database, wanted, zone_of(_zone(call, asked.site))):
        figures = tally.figures() if tally else {}
        p95_ms = figures.get("total_ms_p95")
        hours.append(
            Hour(
                start=_local(call, asked.site, stretch.start_ns),
                count=int(figures.get("count", 0)),
                p50_ms=figures.get("total_ms_p50"),
                p95_ms=p95_ms,
                usual_p50_ms=known.p50_ms if known else None,
                usual_p95_ms=known.p95_ms if known else None,
                percent=100 * (p95_ms / known.p95_ms - 1) if known and p95_ms is not None and known.p95_ms > 0 else None,
                weeks=known.weeks if known else 0,
                samples=known.samples if known else 0,
            )
        )
    return Answer(Listing[Hour](items=hours))


class ChangesQuery(Resource):
    """Of which site."""

    site: str = Field(min_length=1, max_length=256)


async def changed(call: Call) -> Answer:
    """List what has changed at a site, the largest first."""
    site = call.asked(ChangesQuery).site
    zone = _zone(call, site)
    items = []
    for found, events in await changes_at(call.means.database, site, zone_of(zone), call.means.now()):
        change = found.change
        items.append(
            Changed(
                workload=found.key.workload,
                route=found.key.route,
                since=_local(call, site, found.since_ns),
                before_ms=change.before,
                after_ms=change.after,
                percent=change.percent,
                chance=change.chance,
                agents=found.agents,
                words=change_words(found, zone),
                together=[Together(kind=one.kind, at=moment(one.at_ns), sentence=one.sentence) for one in events],
            )
        )
    return Answer(Listing[Changed](items=items))


async def again(call: Call) -> Answer:
    """Mark hours to be summed up again."""
    given = call.given(Again)
    since_ns, until_ns = _span(call, given.since, given.until, 0, 31)
    return Answer(Marked(hours=await recompute(call.means.database, given.site, since_ns, until_ns, call.means.now())), 202)


async def _rows(call: Call, asked: RowsQuery) -> list[Row]:
    if asked.grain == "hour" and not asked.site:
        raise Problem(422, "Not as described", "query.site: hours are given for one site; name it.")
    if asked.grain == "hour" and asked.window:
        raise Problem(422, "Not as described", "query.window: hours have none; leave it out, or ask for days.")
    most = (MOST_HOURS_DAYS if asked.grain == "hour" else MOST_DAYS) if asked.site else MOST_DAYS_OF_ALL
    since_ns, until_ns = _span(call, asked.since, asked.until, min(30, most) * DAY_NS, most)
    wanted = Wanted(asked.grain, since_ns, until_ns, asked.site, asked.workload, asked.route, asked.window or "")
    try:
        return await rows_of(call.means.history, wanted)
    except Unavailable as away:
        raise Problem(503, "The history is away", str(away), headers={"Retry-After": str(int(away.retry_after) + 1)}) from None


def _span(call: Call, since: datetime | None, until: datetime | None, usual_ns: int, most_days: int) -> tuple[int, int]:
    """Return [since, until) in Unix ns. Raises Problem for one that is empty or too long."""
    until_ns = nanoseconds(until) if until else call.means.now()
    since_ns = nanoseconds(since) if since else until_ns - usual_ns
    if not 0 <= until_ns - since_ns <= (most_days + 1) * DAY_NS or since_ns < 0:
        detail = f"since, until: give a range that begins before it ends and has at most {most_days} days."
        raise Problem(422, "Not as described", detail)
    return since_ns, until_ns


def _rollup(call: Call, row: Row) -> Rollup:
    figures = {name: value for name, value in row.figures.items() if isinstance(value, int | float)}
    start = _local(call, row.site, row.start_ns)
    return Rollup(site=row.site, workload=row.workload, route=row.route, window=row.window, start=start, figures=figures)


def _zone(call: Call, site: str) -> str:
    known = call.means.registry.sites.get(site)
    return known.zone if known else "UTC"


def _local(call: Call, site: str, at_ns: int) -> datetime:
    return local(at_ns, zone_of(_zone(call, site)))


ROUTES = (
    Route("GET", "/rollups", listed, "List hours or days of sites with their figures, oldest first.", Listing[Rollup], query=RollupQuery),
    Route("GET", "/rollups.csv", as_csv, "Give the same as a table.", query=RowsQuery, media="text/csv; charset=utf-8"),
    Route("GET", "/rollups/range", ranged, "Give percentiles of a whole range of days, site by site.", Listing[Whole], query=RangeQuery),
    Route("GET", "/rollups/baseline", usual, "Hold hours against the same time of the weeks before.", Listing[Hour], query=BaselineQuery),
    Route("GET", "/rollups/changes", changed, "List since when a site is slower or quicker.", Listing[Changed], query=ChangesQuery),
    Route("POST", "/rollups/recompute", again, "Have a site's hours summed up again.", Marked, body=Again, status=202),
)
