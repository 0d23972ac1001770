"""Agents and how sites stand now, over the API. To read only; places are assigned by `sites`."""

from server.console.api.moments import Moment, moment
from server.console.api.route import Answer, Call, Listing, PageQuery, Resource, Route, not_found, page_of
from server.watcher.states import AgentState, SiteState


class Agent(Resource):
    """One agent. Counts are of an hour's worth of its newest report numbers; `troubles` is what is wrong with it, in words, worst first."""

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
    plan: int
    troubles: list[str]


class MicrosoftsWord(Resource):
    """Microsoft's word for a location: of `percent` of its requests, and `agree` of `agents` bear it out. Empty while no request says."""

    word: str
    percent: float
    agree: int
    agents: int


class Standing(Resource):
    """How one site stands: `agree` of `reporting` agents see `verdict` since then, on `hosts` of `targets`.

    `scores` are 0 to 100 by workload, Teams' is our own; `bypassed` is in percent by category; both only as far as they are known.
    """

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
    summary: MicrosoftsWord
    egress_owner: str
    egress_kind: str
    egress_says: str
    peering: str
    scores: dict[str, float]
    bypassed: dict[str, float]


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
        plan=one.plan,
        troubles=list(one.troubles),
        **counts,
    )


def _standing(one: SiteState) -> Standing:
    same = ("site", "verdict", "agents", "reporting", "agree", "hosts", "targets", "egress", "egress_name", "distance_km")
    more = ("front_door", "total_ms", "completeness", "simulated")
    rest, word = one.more, one.more.summary
    return Standing(
        summary=MicrosoftsWord(word=word.word, percent=word.percent, agree=word.agree, agents=word.agents),
        egress_owner=rest.egress_owner,
        egress_kind=rest.egress_kind,
        egress_says=rest.says,
        peering=rest.peering,
        scores=dict(rest.scores),
        bypassed=dict(rest.bypassed),
        since=moment(one.since_ns) if one.since_ns else None,
        devices=list(one.devices),
        **{name: getattr(one, name) for name in (*same, *more)},
    )


ROUTES = (
    Route("GET", "/agents", listed, "List agents and how they stand.", Listing[Agent], query=PageQuery),
    Route("GET", "/agents/{id}", shown, "Show one agent.", Agent),
    Route("GET", "/standing", standing, "List how sites stand now.", Listing[Standing], query=PageQuery),
)
