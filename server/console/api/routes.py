"""All routes of the API, a line for each part. Data only."""

from collections.abc import Sequence

from server.console.api import agents, cases, coverage, devices, disclosure, events, feed, maintenance, notices, plans, rollups, sites
from server.console.api.route import Route

ROUTES: Sequence[Route] = (
    *agents.ROUTES,
    *cases.ROUTES,
    *coverage.ROUTES,
    *devices.ROUTES,
    *disclosure.ROUTES,
    *events.ROUTES,
    *maintenance.ROUTES,
    *notices.ROUTES,
    *feed.ROUTES,
    *plans.ROUTES,
    *rollups.ROUTES,
    *sites.ROUTES,
)
