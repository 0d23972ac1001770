"""Agents and how sites stand now, over the API. To read only; places are assigned by `sites`."""

from server.console.api.moments import Moment, moment
from server.console.api.route import Answer, Call, Listing, PageQuery, Resource, Route, not_found, page_of
from server.watcher.states import AgentState, SiteState


class Agent(Resource):
    """One agent. Counts are of an hour's worth of its newest report numbers."""

    id: str
    site: str
    state: str
    latest: Moment
    cadence_s: float
    software: str
    lab: bool
    expected: int
    stored: int
    missing: int
    dropped: int


class Standing(Resource):
    """How one site stands: `agree` of `reporting` agents see `verdict` since then, on `hosts` of `targets`."""

    site: str
    verdict: str
    since: Moment | None
    agents: int
    reporting: int
    agree: int
    hosts: int
    targets: int
    devices: list[str]
    egress: str
    egress_name: str
    distance_km: float | None
    front_door: str
    total_ms: float | None
    completeness: float
    simulated: bool


async def listed(call: Call) -> Answer:
    """List agents by id."""
    asked = call.asked(PageQuery)
    states = await call.means.states(call.means.now())
    rest = [_agent(one) for one in states.agents if one.agent > asked.after]
    return Answer(page_of(rest[: asked.limit + 1], asked.limit, lambda one: one.id))


async def shown(call: Call) -> Answer:
    """Show one agent."""
    states = await call.means.states(call.means.now())
    for one in states.agents:
        if one.agent == call.names["id"]:
            return Answer(_agent(one))
    raise not_found("agent", call.names["id"], "an agent is known from its first report on; look into its configuration and log.")


async def standing(call: Call) -> Answer:
    """List how sites stand, by name."""
    asked = call.asked(PageQuery)
    states = await call.means.states(call.means.now())
    rest = sorted((_standing(one) for one in states.sites if one.site > asked.after), key=lambda one: one.site)
    return Answer(page_of(rest[: asked.limit + 1], asked.limit, lambda one: one.site))


def _agent(one: AgentState) -> Agent:
    counts = {name: getattr(one, name) for name in ("expected", "stored", "missing", "dropped")}
    return Agent(
        id=one.agent,
        site=one.site,
        state=one.state,
        latest=moment(one.latest_ns),
        cadence_s=one.cadence_s,
        software=one.software,
        lab=one.lab,
        **counts,
    )


def _standing(one: SiteState) -> Standing:
    same = ("site", "verdict", "agents", "reporting", "agree", "hosts", "targets", "egress", "egress_name", "distance_km")
    more = ("front_door", "total_ms", "completeness", "simulated")
    return Standing(
        since=moment(one.since_ns) if one.since_ns else None,
        devices=list(one.devices),
        **{name: getattr(one, name) for name in (*same, *more)},
    )


ROUTES = (
    Route("GET", "/agents", listed, "List agents and how they stand.", Listing[Agent], query=PageQuery),
    Route("GET", "/agents/{id}", shown, "Show one agent.", Agent),
    Route("GET", "/standing", standing, "List how sites stand now.", Listing[Standing], query=PageQuery),
)
