"""Maintenance windows over the API: list, plan, end. What they mean is `server/fleet/maintenance.py`'s."""

from pydantic import Field

from server.console.api.moments import Moment, moment, nanoseconds
from server.console.api.route import Answer, Call, Listing, Problem, Resource, Route, not_found
from server.fleet import keeping
from server.fleet.maintenance import WHOLE_FLEET, problems_of
from server.fleet.maintenance import Window as Stretch
from server.state import maintenance as stored

LONGEST_ID = 18
"""Digits of an id that fits its column."""


class NewWindow(Resource):
    """Mute a site, or all when it is left out, from then (now when left out) until then. All is recorded as ever."""

    site: str = Field(WHOLE_FLEET, max_length=256)
    begins: Moment | None = None
    until: Moment
    reason: str = Field(max_length=512)
    by: str = Field("", max_length=128)


class Window(Resource):
    """One window. `site` is empty for all sites."""

    id: int
    site: str
    begins: Moment
    until: Moment
    reason: str
    by: str


async def listed(call: Call) -> Answer:
    """List windows that are not over, in the order they begin."""
    async with call.means.database.reading() as connection:
        found = await stored.windows(connection, call.means.now())
    return Answer(Listing[Window](items=[_window(one) for one in found]))


async def planned(call: Call) -> Answer:
    """Plan a window."""
    given, now_ns = call.given(NewWindow), call.means.now()
    sites = await keeping.all_sites(call.means.database, call.means.settings)
    begins_ns = nanoseconds(given.begins) if given.begins else now_ns
    one = Stretch(given.site, begins_ns, nanoseconds(given.until), given.reason, given.by)
    if problems := problems_of(one, sites, now_ns):
        raise Problem(422, "No window", f"{'; '.join(problems)}.")
    async with call.means.database.writing() as connection:
        number = await stored.add(connection, one, now_ns)
    return Answer(_window(Stretch(one.site, one.from_ns, one.until_ns, one.reason, one.made_by, number)), 201)


async def ended(call: Call) -> Answer:
    """End a window now; one that has not begun never begins."""
    text = call.names["id"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else 0
    async with call.means.database.writing() as connection:
        done = await stored.end(connection, number, call.means.now())
    if not done:
        raise not_found("window that is not over", text, "GET /maintenance lists them.")
    return Answer()


def _window(one: Stretch) -> Window:
    return Window(id=one.id, site=one.site, begins=moment(one.from_ns), until=moment(one.until_ns), reason=one.reason, by=one.made_by)


ROUTES = (
    Route("GET", "/maintenance", listed, "List maintenance windows that are not over.", Listing[Window]),
    Route("POST", "/maintenance", planned, "Mute a site, or all, for a time.", Window, body=NewWindow, status=201),
    Route("DELETE", "/maintenance/{id}", ended, "End a maintenance window now."),
)
