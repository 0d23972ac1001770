"""The disclosure over the API: JSON, Markdown for the ticket, one page to mail. To read only."""

from importlib.metadata import version

from pydantic import Field

from server.console.api.moments import Moment, nanoseconds
from server.console.api.route import Answer, Call, Problem, Resource, Route, not_found
from server.reports import disclosure_markdown, disclosure_page
from server.reports.disclosing import assemble
from server.reports.disclosure import Disclosure
from server.reports.gathering import Asked, gather

DAYS = 30
DAY_NS = 86_400 * 10**9


class DisclosureQuery(Resource):
    """Of what: a site, without one the fleet; `since` 30 days ago and `until` now unless said."""

    site: str = Field("", max_length=256)
    since: Moment | None = None
    until: Moment | None = None


async def plain(call: Call) -> Answer:
    """Give the disclosure as JSON."""
    return Answer(await _made(call))


async def markdown(call: Call) -> Answer:
    """Give it as Markdown for the ticket."""
    return Answer(disclosure_markdown.render(await _made(call)).encode(), media="text/markdown")


async def page(call: Call) -> Answer:
    """Give it as one page; what it may load stands in the page itself and in the answer."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    text = disclosure_page.render(await _made(call))
    return Answer(text.encode(), media="text/html", headers={"Content-Security-Policy": policy})


async def _made(call: Call) -> Disclosure:
    asked, means = call.asked(DisclosureQuery), call.means
    sites = (asked.site,) if asked.site else ()
    until_ns = nanoseconds(asked.until) or means.now()
    since_ns = nanoseconds(asked.since) or until_ns - DAYS * DAY_NS
    if since_ns >= until_ns:
        raise Problem(422, "Not as described", "query.since: is not before until; exchange them.")
    wanted = Asked(sites, since_ns, until_ns, means.now(), f"middlewatch {version('middlewatch')}")
    async with means.database.reading() as transaction:
        found = await gather(transaction, means.history, means.registry, means.knowledge(), wanted)
    for site in sites:
        if site not in means.registry.sites and site not in found.agents:
            raise not_found("site", site, "GET /standing lists those with agents.")
    return assemble(found)


_QUERY = DisclosureQuery
ROUTES = (
    Route("GET", "/disclosure", plain, "Give what stands in the path, as Microsoft's support asks.", Disclosure, query=_QUERY),
    Route("GET", "/disclosure/markdown", markdown, "Give it as Markdown.", str, query=_QUERY, media="text/markdown"),
    Route("GET", "/disclosure/html", page, "Give it as one page.", str, query=_QUERY, media="text/html"),
)
