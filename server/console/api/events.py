"""Events over the API: what was told, newest first, each with what proves it. To read only."""

import json
from typing import Any

from pydantic import Field

from server.console.api.moments import Moment, moment, nanoseconds
from server.console.api.route import Answer, Call, Listing, PageQuery, Resource, Route, not_found, page_of
from server.state import events


class Event(Resource):
    """One event. `at` is when it happened, `made` when it was told; `severity` none is recorded and told to nobody."""

    id: int
    kind: str
    severity: str
    scope: str
    device: str
    at: Moment
    made: Moment
    sentence: str
    body: dict[str, Any]


class EventQuery(PageQuery):
    """Which events: empty is any."""

    kind: str = ""
    scope: str = Field("", max_length=256)
    device: str = ""
    severity: str = ""
    since: Moment | None = None
    until: Moment | None = None
    after: str = Field("", pattern=r"^\d{0,18}$", description="an event's id: those older than it")


async def listed(call: Call) -> Answer:
    """List events, newest first."""
    asked = call.asked(EventQuery)
    times = nanoseconds(asked.since), nanoseconds(asked.until)
    wanted = events.Wanted(asked.kind, asked.scope, asked.device, asked.severity, *times, int(asked.after or 0))
    async with call.means.database.reading() as transaction:
        found = await events.listed(transaction, wanted, asked.limit + 1)
    return Answer(page_of([_shown(number, row) for number, row in found], asked.limit, lambda one: str(one.id)))


async def shown(call: Call) -> Answer:
    """Show one event."""
    name = call.names["id"]
    async with call.means.database.reading() as transaction:
        row = await events.one(transaction, int(name)) if name.isascii() and name.isdigit() and len(name) < 19 else None
    if row is None:
        raise not_found("event", name, "GET /events lists them.")
    return Answer(_shown(int(name), row))


def _shown(number: int, row: events.EventRow) -> Event:
    body = json.loads(row.body) if row.body else {}
    return Event(
        id=number,
        kind=row.kind,
        severity=row.severity,
        scope=row.scope,
        device=row.device,
        at=moment(row.at_ns),
        made=moment(row.made_ns),
        sentence=row.sentence,
        body=body if isinstance(body, dict) else {},
    )


ROUTES = (
    Route("GET", "/events", listed, "List events, newest first.", Listing[Event], query=EventQuery),
    Route("GET", "/events/{id}", shown, "Show one event with what proves it.", Event),
)
