"""Sites over the API: read, enter, take back, import, export; where an agent belongs. The rules are `server/fleet/keeping.py`'s."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, field_validator

from server.console.api.moments import Moment, moment
from server.console.api.route import Answer, Call, Listing, PageQuery, Problem, Resource, Route, not_found, page_of, tag_of
from server.fleet import keeping
from server.fleet.checking import Trouble
from server.fleet.entries import Entry
from server.fleet.hours import BadHours, hours_of
from server.fleet.keeping import Known, Refused, Unknown
from server.fleet.registry import Criticality, EgressRange, Origin, Place
from server.state import assignments
from server.state import sites as stored
from server.state.sites import Conflict

MEDIA = {"locations": "text/csv", "buildings": "text/tab-separated-values"}
By = Annotated[str, Field(max_length=128)]
FIELDS = ("zone", "address", "region", "owner", "criticality", "subnets")


class Way(Resource):
    """Public addresses (CIDR) a site leaves by, and the circuit's name."""

    prefix: str = Field(max_length=64)
    circuit: str = ""


class SiteChange(Resource):
    """What is to be entered. A field left out stays; null takes back what was entered, and the configuration or the default applies.

    `egress` may be text, as `203.0.113.0/24 Fibre`. `hours` as `Mon-Fri 08:00-18:00`. `by`: who enters it.
    """

    latitude: float | None = None
    longitude: float | None = None
    zone: str | None = None
    address: str | None = None
    region: str | None = None
    owner: str | None = None
    criticality: Criticality | None = None
    hours: str | None = None
    subnets: list[str] | None = None
    egress: list[Way | str] | None = None
    by: By = ""

    @field_validator("hours")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        try:
            return None if value is None else str(hours_of(value))
        except BadHours as bad:
            raise ValueError(str(bad)) from None


class NewSite(SiteChange):
    """A site nobody knows yet."""

    name: str = Field(max_length=256)


class Site(Resource):
    """A site as it stands. `origin`: who named it first. `entered`: the fields that stand over the configuration. `notes`: not mistakes."""

    name: str
    latitude: float | None
    longitude: float | None
    zone: str
    address: str
    region: str
    owner: str
    criticality: Criticality
    hours: str
    subnets: list[str]
    egress: list[Way]
    origin: Origin
    simulated: bool
    entered: list[str]
    changed: Moment | None
    changed_by: str
    notes: list[str]


class Before(Resource):
    """An entry as it was until somebody changed it."""

    revision: int
    entry: dict[str, Any]


class ByQuery(Resource):
    """Who does it."""

    by: By = ""


class ImportQuery(ByQuery):
    """`dry_run`: only say what would become of each row."""

    dry_run: bool = False


class Told(Resource):
    """What is wrong with, or worth knowing of, one column of a row."""

    column: str
    text: str


class RowTold(Resource):
    """What became of one row: `number` is its line in the file."""

    number: int
    name: str
    outcome: str
    troubles: list[Told]
    notes: list[Told]


class Imported(Resource):
    """How many rows had which outcome, and each row that is not `unchanged`."""

    new: int
    changed: int
    unchanged: int
    left_out: int
    refused: int
    rows: list[RowTold]


class Placed(Resource):
    """Where an agent belongs in all contexts it was seen in, for what it measures from then on."""

    site: str = Field(min_length=1, max_length=256)
    by: By = ""


class PlacedFrom(Resource):
    """The same, with the moment."""

    site: str
    valid_from: Moment


async def listed(call: Call) -> Answer:
    """List sites by name."""
    asked = call.asked(PageQuery)
    found = await keeping.all_sites(call.means.database, call.means.settings)
    rest = [_site(one) for name, one in found.items() if name > asked.after]
    return Answer(page_of(rest[: asked.limit + 1], asked.limit, lambda one: one.name))


async def shown(call: Call) -> Answer:
    """Show one site."""
    known = await _known(call)
    return Answer(_site(known), revision=known.revision)


async def created(call: Call) -> Answer:
    """Enter a site nobody knows yet."""
    given = call.given(NewSite)
    if given.name in await keeping.all_sites(call.means.database, call.means.settings):
        raise Problem(409, "It is there", f"name: {given.name!r} is a site already; change it with PATCH /sites/{{name}}.")
    known = await _entered(call, given.name, given, stored.ABSENT)
    return Answer(_site(known), 201, known.revision)


async def changed(call: Call) -> Answer:
    """Change what is entered of a site, on the revision of the last read."""
    known = await _known(call)
    call.expect(known.revision, known.site.name)
    after = await _entered(call, known.site.name, call.given(SiteChange), known.revision)
    return Answer(_site(after), revision=after.revision)


async def taken_back(call: Call) -> Answer:
    """Take back all that was entered of a site."""
    known = await _known(call)
    call.expect(known.revision, known.site.name)
    means = call.means
    by = call.asked(ByQuery).by if call.query else ""
    try:
        await keeping.take_back(means.database, means.settings, known.site.name, known.revision, means.now(), by)
    except Unknown as unknown:
        raise Problem(409, "Nothing is entered", f"{unknown}.") from None
    except Conflict as conflict:
        raise _overtaken(conflict) from None
    return Answer()


async def before(call: Call) -> Answer:
    """Show what was entered of a site before, newest first; also of one that is no more."""
    async with call.means.database.reading() as connection:
        found = await stored.before(connection, call.names["name"])
    return Answer(Listing[Before](items=[Before(revision=revision, entry=entry) for revision, entry in found]))


def _importing(form: str) -> Any:  # noqa: ANN401 - a handler
    async def imported(call: Call) -> Answer:
        means = call.means
        asked = call.asked(ImportQuery) if call.query else ImportQuery()
        try:
            done = await keeping.import_file(means.database, means.settings, form, call.raw, means.now(), asked.by, dry_run=asked.dry_run)
        except Conflict as conflict:
            raise _overtaken(conflict) from None
        rows = [
            RowTold(number=one.number, name=one.name, outcome=one.outcome, troubles=_told(one.troubles), notes=_told(one.notes))
            for one in done.verdicts
            if one.outcome != "unchanged"
        ]
        counts = {name: done.count(name) for name in ("new", "changed", "unchanged", "refused")}
        return Answer(Imported(left_out=done.count("left out"), rows=rows, **counts))

    return imported


def _exporting(form: str) -> Any:  # noqa: ANN401 - a handler
    async def exported(call: Call) -> Answer:
        data, left = await keeping.export_file(call.means.database, call.means.settings, form)
        headers = {"Content-Disposition": f'attachment; filename="{form}.{"csv" if form == "locations" else "tsv"}"'}
        return Answer(data, media=MEDIA[form], headers=headers | {"X-Left-Out": str(len(left))})

    return exported


async def placed(call: Call) -> Answer:
    """Assign an agent to a site by hand: no rule moves it again in the contexts it was seen in."""
    given, agent = call.given(Placed), call.names["id"]
    valid_from = await assignments.assign(call.means.database, agent, given.site, call.means.now(), given.by or "somebody")
    if not valid_from:
        raise not_found("agent", agent, "an agent is known from its first report on.")
    return Answer(PlacedFrom(site=given.site, valid_from=moment(valid_from)))


async def _known(call: Call) -> Known:
    try:
        return await keeping.one_site(call.means.database, call.means.settings, call.names["name"])
    except Unknown:
        raise not_found("site", call.names["name"], "GET /sites lists them.") from None


async def _entered(call: Call, name: str, given: SiteChange, made_from: int) -> Known:
    means = call.means
    try:
        return await keeping.enter(
            means.database, means.settings, name, lambda entry: _edited(entry, given), made_from, means.now(), given.by
        )
    except Refused as refused:
        errors = [{"place": f"body.{one.field}", "message": one.text} for one in refused.troubles]
        raise Problem(422, "Not as it can be", f"{refused}.", errors=errors) from None
    except Conflict as conflict:
        raise _overtaken(conflict) from None


def _edited(entry: Entry, given: SiteChange) -> Entry:
    said: dict[str, Any] = {name: getattr(given, name) for name in FIELDS if name in given.model_fields_set}
    if "subnets" in said and said["subnets"] is not None:
        said["subnets"] = tuple(said["subnets"])
    if "hours" in given.model_fields_set:
        said["hours"] = None if given.hours is None else hours_of(given.hours)
    if "egress" in given.model_fields_set:
        said["egress"] = None if given.egress is None else tuple(_way(one) for one in given.egress)
    if {"latitude", "longitude"} & given.model_fields_set:
        if (given.latitude is None) != (given.longitude is None):
            raise Refused([Trouble("latitude", "and longitude belong together; send both, or null for both")])
        said["place"] = None if given.latitude is None or given.longitude is None else Place(given.latitude, given.longitude)
    return replace(entry, **said)


def _way(one: Way | str) -> EgressRange:
    if isinstance(one, Way):
        return EgressRange(one.prefix, one.circuit)
    prefix, _, circuit = one.strip().partition(" ")
    return EgressRange(prefix, circuit)


def _overtaken(conflict: Conflict) -> Problem:
    headers = {"ETag": tag_of(conflict.now.revision if conflict.now else stored.ABSENT)}
    return Problem(412, "It has changed", f"{conflict}.", headers=headers)


def _told(troubles: Iterable[Trouble]) -> list[Told]:
    return [Told(column=one.field, text=one.text) for one in troubles]


def _site(known: Known) -> Site:
    one, entered = known.site, known.stored
    said = [name for name in (*FIELDS, "place", "hours", "egress") if entered and getattr(entered.entry, name) is not None]
    same = {name: getattr(one, name) for name in ("name", "zone", "address", "region", "owner", "criticality", "origin", "simulated")}
    return Site(
        latitude=one.place.latitude if one.place else None,
        longitude=one.place.longitude if one.place else None,
        hours=str(one.hours),
        subnets=list(one.subnets),
        egress=[Way(prefix=way.prefix, circuit=way.circuit) for way in one.egress],
        entered=said,
        changed=moment(entered.changed_ns) if entered else None,
        changed_by=entered.changed_by if entered else "",
        notes=[str(note) for note in known.notes],
        **same,
    )


ROUTES = (
    Route("GET", "/sites", listed, "List sites.", Listing[Site], query=PageQuery),
    Route("POST", "/sites", created, "Enter a site nobody knows yet.", Site, body=NewSite, status=201),
    Route("GET", "/sites/{name}", shown, "Show one site.", Site),
    Route("PATCH", "/sites/{name}", changed, "Change what is entered of a site.", Site, body=SiteChange, changes=True),
    Route("DELETE", "/sites/{name}", taken_back, "Take back all that was entered of a site.", query=ByQuery, changes=True),
    Route("GET", "/sites/{name}/before", before, "Show what was entered of a site before.", Listing[Before]),
    *(Route("GET", f"/{form}", _exporting(form), f"Export all sites as a file of {form}.", media=media) for form, media in MEDIA.items()),
    *(
        Route("POST", f"/{form}", _importing(form), f"Import a file of {form}, row by row.", Imported, query=ImportQuery, raw=media)
        for form, media in MEDIA.items()
    ),
    Route("PUT", "/agents/{id}/place", placed, "Assign an agent to a site by hand.", PlacedFrom, body=Placed),
)
