"""The endpoint list over the API: which is in use and how old it is, ask now, what changed and what that means today."""

from pydantic import Field

from server.console.api.moments import Moment, moment
from server.console.api.route import Answer, Call, Listing, PageQuery, Problem, Resource, Route, not_found, page_of
from server.feed import person
from server.feed.joining import Joined
from server.history.port import Unavailable
from server.state.events import EventRow


class EndpointList(Resource):
    """One instance's list in use. `age_s` counts from the service's last confirmation, of a shipped list from the day it was made.

    `old`: a week and more, so newer names may be missing. `next`: when the service is asked again; null while nobody asks.
    """

    instance: str
    version: str
    source: str
    age_s: int
    old: bool
    next: Moment | None
    failures: int
    trouble: str


class ChangeShort(Resource):
    """One change as it was told."""

    id: int
    instance: str
    version: str
    at: Moment
    sentence: str


class Name(Resource):
    """A new or moved name and how it fares now: `inspected` of `sites` by what `basis` says (the name, its category, or nothing).

    PAC files: `proxied` send it to a proxy, `direct` do not, `unasked` were not asked about it.
    """

    name: str
    category: str
    workload: str
    required: bool
    from_day: str
    basis: str
    sites: list[str]
    inspected: list[str]
    proxied: int
    direct: int
    unasked: int


class Change(Resource):
    """One change with what is known now: `sentence` is today's, `told` was told at the time."""

    instance: str
    version: str
    before: str
    at: Moment
    told: str
    sentence: str
    names: list[Name]
    removed: list[str]
    prefixes_added: list[str]
    prefixes_removed: list[str]


class Asked(Resource):
    """For which instances the watcher asks now."""

    instances: list[str]


class ChangeQuery(PageQuery):
    """Which changes."""

    after: str = Field("", pattern=r"^\d{0,18}$", description="a change's id: those older than it")


async def listed(call: Call) -> Answer:
    """List the endpoint lists in use."""
    means, settings = call.means, call.means.settings
    found = [
        EndpointList(
            instance=one.instance,
            version=one.version,
            source=one.source,
            age_s=one.age_ns // 10**9,
            old=one.old,
            next=moment(one.next_ns) if one.next_ns and settings.feed.enabled else None,
            failures=one.failures,
            trouble=one.trouble,
        )
        for one in await person.lists_now(means.database, means.knowledge(), settings.list_instances, means.now())
    ]
    return Answer(Listing[EndpointList](items=found))


async def checked(call: Call) -> Answer:
    """Have the service asked now."""
    try:
        asked = await person.ask_now(call.means.database, call.means.settings.feed, call.means.now())
    except person.NotNow as not_now:
        raise Problem(409, "Not now", str(not_now)) from None
    return Answer(Asked(instances=list(asked)), status=202)


async def changes(call: Call) -> Answer:
    """List changes, newest first."""
    asked = call.asked(ChangeQuery)
    found = await person.changes(call.means.database, int(asked.after or 0), asked.limit + 1)
    return Answer(page_of([_short(number, row) for number, row in found], asked.limit, lambda one: str(one.id)))


async def changed(call: Call) -> Answer:
    """Show one change and what it means now."""
    means, names = call.means, call.names
    tenant = means.settings.plans.tenant
    try:
        found = await person.change(
            means.database, means.history, means.knowledge(), names["instance"], names["version"], means.now(), tenant
        )
    except Unavailable as away:
        raise Problem(503, "The history is away", f"{away}; the change as it was told stands in GET /feed/changes.") from None
    if found is None:
        raise not_found("change", f"{names['instance']}/{names['version']}", "GET /feed/changes lists them.")
    return Answer(_change(found))


def _short(number: int, row: EventRow) -> ChangeShort:
    return ChangeShort(id=number, instance=row.scope, version=str(row.episode), at=moment(row.at_ns), sentence=row.sentence)


def _change(one: person.Change) -> Change:
    texts = {part: [each["name"] for each in one.body[part]] for part in ("removed", "prefixes_added", "prefixes_removed")}
    return Change(
        instance=one.event.scope,
        version=str(one.event.episode),
        before=one.body["before"],
        at=moment(one.event.at_ns),
        told=one.event.sentence,
        sentence=one.sentence,
        names=[_name(each) for each in one.names],
        **texts,
    )


def _name(one: Joined) -> Name:
    same = ("name", "category", "workload", "required", "from_day", "basis", "proxied", "direct", "unasked")
    return Name(sites=list(one.sites), inspected=list(one.inspected), **{name: getattr(one, name) for name in same})


ROUTES = (
    Route("GET", "/feed", listed, "Show which endpoint lists are in use, from where, how old.", Listing[EndpointList]),
    Route("POST", "/feed/check", checked, "Have Microsoft's web service asked now.", Asked, status=202),
    Route("GET", "/feed/changes", changes, "List changes of the endpoint lists, newest first.", Listing[ChangeShort], query=ChangeQuery),
    Route("GET", "/feed/changes/{instance}/{version}", changed, "Show one change and what it means now.", Change),
)
