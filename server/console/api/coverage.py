"""Coverage over the API: which names are bypassed at a site, and the files that close its gaps. To read only."""

from typing import Literal

from server.console.api.route import Answer, Call, Listing, PageQuery, Resource, Route, not_found, page_of
from server.reports import bypass_files
from server.reports.coverage import SiteCoverage, read, read_page


class CategoryShare(Resource):
    """How much of a category is bypassed: `bypassed` of `known` names; `unknown` are in neither. `percent` is null of nothing."""

    category: str
    bypassed: int
    known: int
    unknown: int
    percent: float | None


class CoveredName(Resource):
    """One name. `ought`: Microsoft asks to bypass it. `pattern` is its narrowest in the endpoint list."""

    host: str
    category: str
    workload: str
    endpoint_set: int | None
    state: Literal["bypassed", "not bypassed", "unknown"]
    verdicts: list[str]
    agree: int
    reporting: int
    pattern: str
    ought: bool


class Coverage(Resource):
    """One site's coverage now."""

    site: str
    agents: int
    categories: list[CategoryShare]
    names: list[CoveredName]


async def listed(call: Call) -> Answer:
    """List the coverage of all sites with agents, by name."""
    asked = call.asked(PageQuery)
    async with call.means.database.reading() as transaction:
        found = await read_page(transaction, asked.after, asked.limit + 1, call.means.knowledge())
    return Answer(page_of([shown(one) for one in found], asked.limit, lambda one: one.site))


async def one(call: Call) -> Answer:
    """Show one site's coverage."""
    return Answer(shown(await _site(call)))


async def pac(call: Call) -> Answer:
    """Give a PAC fragment for exactly the site's gaps."""
    return Answer(bypass_files.pac(await _site(call), call.means.knowledge()).encode(), media="application/javascript")


async def prefixes(call: Call) -> Answer:
    """Give the prefixes of the site's gaps."""
    return Answer(bypass_files.prefixes(await _site(call), call.means.knowledge()).encode(), media="text/plain")


async def names(call: Call) -> Answer:
    """Give the names of the site's gaps."""
    return Answer(bypass_files.names(await _site(call), call.means.knowledge()).encode(), media="text/plain")


async def _site(call: Call) -> SiteCoverage:
    name = call.names["site"]
    async with call.means.database.reading() as transaction:
        found = await read(transaction, [name], call.means.knowledge())
    if not found:
        raise not_found("site with agents that report", name, "GET /coverage lists them.")
    return found[0]


def shown(found: SiteCoverage) -> Coverage:
    """Return a site's coverage as it goes out."""
    shares = [
        CategoryShare(category=category, bypassed=share.bypassed, known=share.known, unknown=share.unknown, percent=share.percent)
        for category, share in found.shares.items()
    ]
    names = [CoveredName.model_validate(each, from_attributes=True) for each in found.names]
    return Coverage(site=found.site, agents=found.agents, categories=shares, names=names)


ROUTES = (
    Route("GET", "/coverage", listed, "List which names are bypassed, by site.", Listing[Coverage], query=PageQuery),
    Route("GET", "/coverage/{site}", one, "Show which names are bypassed at a site.", Coverage),
    Route("GET", "/coverage/{site}/pac", pac, "Give a PAC fragment that bypasses its gaps.", str, media="application/javascript"),
    Route("GET", "/coverage/{site}/prefixes", prefixes, "Give the prefixes of its gaps.", str, media="text/plain"),
    Route("GET", "/coverage/{site}/list", names, "Give the names of its gaps.", str, media="text/plain"),
)
