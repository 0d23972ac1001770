"""The dashboard Site: agents, changes, verdicts with what proves them, path and times of one site. Layout and its first row only."""

from typing import Any

from dashboards import columns as shared
from dashboards import host, interference, path, protocols, rollups, standing, times
from dashboards.dashboard import FLEET, SITE, Sections, Variable, console, dashboard, finest, link
from dashboards.influxql import last, select
from dashboards.panel import Column, Panel, Query, stat, table
from dashboards.scope import CONSOLE, HERE, MARKS
from dashboards.states import by_rank, yes_or_no


def site() -> dict[str, Any]:
    """Return the dashboard."""
    sections: Sections = [
        ("Is the picture true? — $site", _true()),
        ("What changed? — $site", [interference.events()]),
        (
            "What stands in the way, on which hosts, since when?",
            [
                *(interference.verdicts(), interference.findings(), interference.devices()),
                *(standing.microsofts(HERE, 3), standing.around(HERE, 3)),
            ],
        ),
        (
            "Which way does it go?",
            [path.site_map(), (path.egress(), path.resolvers()), path.ways_out(), path.resolver_itself(), path.front_doors()],
        ),
        ("Path: who ends the connection, and what is let through?", [path.ends(), path.agreements()]),
        ("This endpoint: what is on it, and by which link it leaves", [host.links(), host.products(), host.health()]),
        ("Teams media, QUIC, WebSocket", [protocols.media(), protocols.media_times(), protocols.quic(), protocols.websocket()]),
        ("How fast, and where does the time go?", [times.phases(), times.spread(), times.by_target(), times.unaccounted()]),
        (
            "Over days and weeks, by the site's own clock",
            [
                rollups.days_of_site(),
                rollups.shares_of_site(),
                rollups.hours_of_site(),
                rollups.windows_of_site(),
                rollups.phases_of_site(),
            ],
        ),
        ("What does not answer, and what was seen last?", [times.failures(), times.failed(), times.seen()]),
    ]
    variables = [
        Variable("site", "Site", 'SHOW TAG VALUES FROM "site_state" WITH KEY = "site"').made(),
        Variable("route", "Route", f'SHOW TAG VALUES FROM "finding" WITH KEY = "route" WHERE {HERE}', many=True).made(),
        Variable("target", "Target", f'SHOW TAG VALUES FROM "finding" WITH KEY = "target" WHERE {HERE}', many=True).made(),
        finest(),
        console(),
    ]
    return dashboard(
        SITE,
        "Site",
        "One site's way to Microsoft 365: its agents, what changed, the verdict of each target with its evidence, the path, and the times.",
        sections,
        variables=variables,
        events=f"{shared.ANNOTATIONS} AND {MARKS}",
        links=[
            link("Fleet", f"/d/{FLEET}/fleet", "All sites, worst first"),
            link("Console", CONSOLE[1], "The live page of this site"),
        ],
        since="now-3h",
    )


def _true() -> list[Panel]:
    fields = ("since_ms", "agree", "reporting", "agents", "completeness", "simulated")
    state = select(last("rank", fields), "site_state", HERE)
    return [
        stat(
            "State of this site",
            "The site's verdict by the watcher: the worst that its agents agree on.",
            [Query(state)],
            [Column("rank", "state", mappings=by_rank(words=True))],
            (5, 4),
            "no data in this window: does the watcher run?",
            "/^state$/",
        ),
        stat(
            "Since, and who agrees (number of agents)",
            "Since when the state holds, and how many of the site's reporting agents agree on it.",
            [Query(state)],
            [
                Column("since_ms", "since", unit="dateTimeFromNow"),
                Column("agree", "agree"),
                Column("reporting", "reporting"),
                Column("agents", "agents"),
            ],
            (9, 4),
            "no data in this window",
            "/^(since|agree|reporting|agents)$/",
        ),
        stat(
            "Completeness (stored of expected)",
            "How much of what this site's agents should have sent is stored.",
            [Query(state)],
            [Column("completeness", "stored of expected", unit="percentunit", decimals=2)],
            (5, 4),
            "no data in this window",
            "/^stored of expected$/",
        ),
        stat(
            "Simulated site",
            "Whether this site exists: in the demo most sites are simulated, and nothing measured them.",
            [Query(state)],
            [Column("simulated", "simulated", mappings=yes_or_no())],
            (5, 4),
            "no data in this window",
            "/^simulated$/",
        ),
        _agents(),
    ]


def _agents() -> Panel:
    return table(
        "Agents of this site",
        "Who measures here, who of them speaks, and whether their reports are whole. A laboratory agent has trust roots of its own.",
        Query(shared.newest_agents(HERE)),
        [
            Column("agent", "Agent", width=180, link=CONSOLE),
            shared.AGENT_STATE,
            Column("age_s", "Newest report, age", unit="s", decimals=0, width=180),
            shared.COMPLETENESS,
            Column("expected", "Reports expected", width=155),
            Column("stored", "stored", width=95),
            Column("missing", "missing", width=100),
            Column("dropped", "dropped", width=105),
            Column("cadence_s", "Cadence", unit="s", decimals=0, width=95),
            Column("software", "Software", width=110),
            Column("plan", "Plan", width=70),
            Column("trouble", "What is wrong", width=180, absent="nothing"),
            Column("lab", "Laboratory", mappings=yes_or_no()),
        ],
        (24, 5),
        "no agent of this site in this window",
        ("Newest report, age", True),
    )
