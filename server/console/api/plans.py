"""Plans over the API: what was issued to whom and why, who follows what, issue anew. What is issued the watcher decides."""

import json
from typing import Any

from pydantic import Field

from server.console.api.moments import Moment, moment
from server.console.api.route import Answer, Call, Listing, PageQuery, Problem, Resource, Route, not_found, page_of
from server.fleet.issuer import ask_anew
from server.state import plans, standing
from server.state.plans import Issue

NEWEST = 2**31 - 1
"""Above every version: the column is an integer of 32 bits."""


class PlanShort(Resource):
    """One plan issued. `agent` is empty for everybody's."""

    version: int
    agent: str
    reason: str
    issued: Moment
    key_id: str


class Plan(PlanShort):
    """One plan with what it holds."""

    plan: dict[str, Any]


class Following(Resource):
    """One agent: the version it is to follow, and the one it says it follows (null: it has not said)."""

    agent: str
    newest: int
    follows: int | None
    behind: bool


class Override(Resource):
    """What one agent does besides the fleet's plan until a time. `cadence_s` 0: no other cadence."""

    agent: str
    reason: str
    cadence_s: float
    targets: list[str]
    until: Moment


class Asked(Resource):
    """That plans will be issued anew; `above`: their versions are higher than this one."""

    above: int


class PlanQuery(PageQuery):
    """Which plans: those for an agent and for all, or every one."""

    agent: str = Field("", max_length=63)
    after: str = Field("", pattern=r"^\d{0,9}$", description="a version: those below it")


async def listed(call: Call) -> Answer:
    """List plans issued, newest first."""
    asked = call.asked(PlanQuery)
    async with call.means.database.reading() as transaction:
        found = await plans.issued(transaction, int(asked.after or NEWEST), asked.limit + 1, asked.agent or None)
    return Answer(page_of([PlanShort(**_short(one)) for one in found], asked.limit, lambda one: str(one.version)))


async def shown(call: Call) -> Answer:
    """Show one plan."""
    name = call.names["version"]
    found: list[Issue] = []
    if name.isascii() and name.isdigit() and len(name) < 10:
        async with call.means.database.reading() as transaction:
            found = await plans.issued(transaction, int(name) + 1, 1)
    if not found or found[0].version != int(name):
        raise not_found("plan", name, "GET /plans lists them.")
    return Answer(Plan(**_short(found[0]), plan=json.loads(json.loads(found[0].envelope)["body"])))


async def following(call: Call) -> Answer:
    """List agents with the plan they are to follow and the one they say they follow."""
    asked = call.asked(PageQuery)
    async with call.means.database.reading() as transaction:
        names = [name for name in await plans.agents(transaction) if name > asked.after][: asked.limit + 1]
        newest = await plans.newest_versions(transaction, names)
        says = await standing.plans(transaction)
    found = [_following(name, newest[name], says.get(name)) for name in names]
    return Answer(page_of(found, asked.limit, lambda one: one.agent))


async def overrides(call: Call) -> Answer:
    """List what single agents do besides, by agent."""
    async with call.means.database.reading() as transaction:
        found = await plans.overrides(transaction, call.means.now())
    items = [
        Override(
            agent=one.agent,
            reason=one.reason,
            cadence_s=one.cadence_s,
            targets=[target.name for target in one.targets],
            until=moment(min(one.until_ns, LATEST_NS)),
        )
        for one in found
    ]
    return Answer(Listing[Override](items=items))


LATEST_NS = 253_370_764_800 * 10**9
"""1 January 9999: an override without an end is shown as ending then."""


async def issued(call: Call) -> Answer:
    """Issue every plan anew."""
    if call.means.settings.plans.key is None:
        raise Problem(409, "Not possible", "This centre issues no plans; write key = into [plans] and start it again (docs/feed.md).")
    async with call.means.database.reading() as transaction:
        above, _ = await plans.pulse(transaction)
    await ask_anew(call.means.database)
    return Answer(Asked(above=above), status=202)


def _short(one: Issue) -> dict[str, Any]:
    key_id = json.loads(one.envelope)["key_id"]
    return {"version": one.version, "agent": one.agent, "reason": one.reason, "issued": moment(one.issued_ns), "key_id": key_id}


def _following(agent: str, newest: int, says: int | None) -> Following:
    return Following(agent=agent, newest=newest, follows=says, behind=says is not None and says < newest)


ROUTES = (
    Route("GET", "/plans", listed, "List plans issued, newest first.", Listing[PlanShort], query=PlanQuery),
    Route("GET", "/plans/agents", following, "List which plan each agent is to follow and follows.", Listing[Following], query=PageQuery),
    Route("GET", "/plans/overrides", overrides, "List what single agents do besides the fleet's plan.", Listing[Override]),
    Route("GET", "/plans/versions/{version}", shown, "Show one plan with what it holds.", Plan),
    Route("POST", "/plans/issue", issued, "Issue every plan anew, with a new version.", Asked, status=202),
)
