"""The dashboard Fleet: is the picture true, what changed, what is worst, where, how fast. Queries and layout only."""

from typing import Any

from dashboards import columns as shared
from dashboards import rollups, standing
from dashboards.dashboard import FLEET, Sections, console, dashboard, finest, link
from dashboards.geography import family, geomap, markers, refs, symbol
from dashboards.influxql import any_of, last, names, over, select
from dashboards.panel import Column, Panel, Query, chart, stat, table
from dashboards.states import FAMILIES, GREY, PURPLE, yes_or_no

ON_THE_MAP = ("lat", "lon", "verdict", "devices", "since_ms", "egress_name", "distance_km")
STEP = "time($__interval)"
SLOWEST = 20
"""Bars that can be read beside each other; the table next to them has every site."""


def fleet() -> dict[str, Any]:
    """Return the dashboard."""
    sections: Sections = [
        ("Is the picture true?", _true()),
        ("What changed?", [_changed()]),
        ("What is worst?", [_worst(), _by_state(), standing.microsofts(), standing.around()]),
        ("Where?", [_map(), _paths()]),
        ("How fast, and where does the time go?", [_phases(), _speeds(), _spread()]),
        ("Over days and weeks", [rollups.sites_by_day(), rollups.fleet_by_day()]),
    ]
    return dashboard(
        FLEET,
        "Fleet",
        "Every site's way to Microsoft 365: whether the picture is true, what changed, which site is worst, where it leaves.",
        sections,
        variables=[finest(), console()],
        events=shared.ANNOTATIONS,
        links=[link("Console", "${console}/", "The live page: devices with their evidence")],
        since="now-3h",
    )


def _true() -> list[Panel]:
    newest = shared.newest_agents()
    ratio = over('sum("stored") / sum("expected") AS "completeness"', newest, '"expected" > 0')
    lost = over('sum("missing") AS "missing", sum("dropped") AS "dropped"', newest)
    age = over('min("age_s") AS "age_s"', newest)
    return [
        stat(
            "Agents by state (number)",
            "Who speaks now: agents reporting, late (2.5 cadences without a report) or silent (5). A state nobody is in is not shown.",
            shared.agents_by_state(),
            [],
            (6, 4),
            "no agent state in this window: does the watcher run?",
        ),
        stat(
            "Completeness (stored of expected)",
            "How much of what the agents should have sent is stored: all agents together, in the watcher's window.",
            [Query(ratio)],
            [Column("completeness", "stored of expected", unit="percentunit", decimals=2)],
            (5, 4),
            "no data in this window",
        ),
        stat(
            "Reports not here (number)",
            "Missing: sent or to be sent, not stored yet. Dropped: given up by the agent because its disk space was full.",
            [Query(lost)],
            [Column("missing", "missing"), Column("dropped", "dropped")],
            (5, 4),
            "no data in this window",
        ),
        stat(
            "Newest report (age)",
            "How old the newest report of the whole fleet was when the watcher last looked. Large: collector or broker stands still.",
            [Query(age)],
            [Column("age_s", "age", unit="s", decimals=0)],
            (4, 4),
            "no data in this window",
        ),
        stat(
            "Picture drawn",
            "When the watcher last wrote the agents' states. Everything above is as of then.",
            [Query(select(last("age_s"), "agent_state"))],
            [Column("Time", "drawn", unit="dateTimeFromNow"), Column("time", "drawn", unit="dateTimeFromNow")],
            (4, 4),
            "not in this window",
            "/^drawn$/",
        ),
        _unwell(newest),
        standing.hours(),
    ]


def _unwell(newest: str) -> Panel:
    shown = names(("state", "age_s", "trouble", "completeness", "missing", "dropped", "site"))
    unhealthy = over(shown, newest, '"state" <> \'reporting\' OR "completeness" < 1 OR "troubles" > 0', ["agent"])
    return table(
        "Agents that are late, silent or not complete",
        "Whose reports to mistrust and why, longest silent first. Empty is good: every agent reports, is well, and nothing is missing.",
        Query(unhealthy),
        [
            Column("agent", "Agent", width=200),
            shared.SITE,
            shared.AGENT_STATE,
            Column("age_s", "Newest report, age", unit="s", decimals=0, width=180),
            Column("trouble", "What is wrong", width=200, absent="nothing"),
            shared.COMPLETENESS,
            Column("missing", "Missing reports", width=155),
            Column("dropped", "Dropped reports"),
        ],
        (24, 5),
        "every agent reports, nothing is missing",
        ("Newest report, age", True),
    )


def _changed() -> Panel:
    return table(
        "Events, newest first (at most 50)",
        "What changed in this window, each change told once: devices that came, returned or left, and identities used twice.",
        Query(shared.EVENTS, "mw-event"),
        shared.EVENT_COLUMNS,
        (24, 7),
        "nothing changed in this window",
    )


def _worst() -> Panel:
    fields = ("verdict", "since_ms", "agree", "reporting", "agents", "hosts", "targets", "devices", "total_ms", "completeness", "simulated")
    return table(
        "Sites, worst first",
        "Which site needs somebody: its verdict, since when, how many agents agree, how many hosts are affected, by whose device.",
        Query(shared.newest_sites(fields)),
        [
            shared.RANK,
            shared.VERDICT,
            shared.SITE,
            Column("since_ms", "Since", unit="dateTimeFromNow", width=130),
            Column("agree", "Agents agree", width=130),
            Column("reporting", "reporting", width=110),
            Column("agents", "of agents", width=110),
            Column("hosts", "Hosts affected", width=145),
            Column("targets", "of targets", width=110),
            Column("devices", "Devices", absent="none"),
            shared.TOTAL,
            shared.COMPLETENESS,
            Column("simulated", "Simulated", width=115, mappings=yes_or_no()),
        ],
        (24, 10),
        "no site state in this window: does the watcher run?",
        ("State", True),
    )


def _by_state() -> Panel:
    queries, series = [], []
    for one in FAMILIES:
        worst = f'SELECT max("rank") AS "worst" FROM "site_state" WHERE $timeFilter GROUP BY {STEP}, "site"'
        text = over('count("worst") AS "sites"', worst, f"$timeFilter AND ({any_of('worst', one.ranks)})") + f" GROUP BY {STEP} fill(null)"
        queries.append(Query(text, form="time_series", alias=one.name))
        series.append(Column(one.name, colour=one.colour))
    return chart(
        "Sites by state (number, each by its worst in the step)",
        "Is it one site or many, and when did it begin? Each site counts once a step, by the worst it had. A gap: nothing was stored.",
        queries,
        series,
        (24, 7),
        unit="short",
        style="bars",
    )


def _map() -> Panel:
    queries = [Query(select(last("lat", ("lon", "name", "address")), "site_path", "\"stop\" = '2 egress'", ["site"]))]
    queries.append(Query(shared.newest_sites(("lat", "lon"))))
    queries += [Query(shared.of_family(one, ON_THE_MAP)) for one in reversed(FAMILIES)]
    names = refs(queries)
    egress = markers("✚ egress points", names[0], symbol("cross", PURPLE, size=6))
    everyone = markers("every site", names[1], symbol("circle", GREY, size=1, filled=0.1))
    layers = [egress, everyone, *(family(one, ref) for one, ref in zip(reversed(FAMILIES), names[2:], strict=True))]
    return geomap(
        "Sites and the points where they leave to the internet",
        "Where are the sites that want a look, and do they leave near by? ● clean, ◐ sanctioned (pale ring), ○ inconclusive (ring), "
        "◇ proxied or spliced, x silent, ▲ inspected, altered, redirected or captive, ■ blocked or unreachable; cross: egress.",
        queries,
        layers,
        [Column("since_ms", unit="dateTimeFromNow"), Column("distance_km", unit="suffix: km", decimals=0)],
        (14, 14),
        "every site",
    )


def _paths() -> Panel:
    fields = ("verdict", "egress_name", "egress", "distance_km", "front_door")
    return table(
        "The same as a list: site, egress, front door",
        "Where does each site leave, how far is that from it (farthest first), and at which of Microsoft's front doors does it arrive?",
        Query(shared.newest_sites(fields)),
        [
            shared.RANK,
            Column("site", "Site", width=150, link=shared.SITE.link),
            Column("egress_name", "Egress", width=130, absent="not in the list"),
            Column("egress", "Address", width=120),
            Column("distance_km", "Distance", unit="suffix: km", decimals=0, width=110),
            Column("front_door", "Front door"),
        ],
        (10, 14),
        "no site state in this window",
        ("Distance", True),
    )


def _phases() -> Panel:
    text = select(f'{shared.phase_means()}, mean("total_ms") AS "total_ms"', "web", shared.MEASURED, ["site"])
    options = {
        "orientation": "horizontal",
        "xField": "site",
        "stacking": "normal",
        "showValue": "never",
        "barWidth": 0.8,
        "groupWidth": 0.7,
        "xTickLabelMaxLength": 24,
        "xTickLabelRotation": 0,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "none"},
    }
    by_total = {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": "total_ms", "desc": True}]}}
    first = {"id": "limit", "options": {"limitField": SLOWEST}}
    without = {
        "id": "organize",
        "options": {"excludeByName": {"Time": True, "time": True, "total_ms": True}, "indexByName": {}, "renameByName": {}},
    }
    return Panel(
        "barchart",
        f"Mean time by phase, the {SLOWEST} slowest sites (ms)",
        "Whose time is it: name lookup, the way to the server, a proxy, the handshake or the server's answer? Means, because they add up.",
        [Query(text)],
        (12, 13),
        options,
        {"unit": "ms", "decimals": 0, "min": 0, "custom": {"fillOpacity": 85, "lineWidth": 0}},
        shared.phase_columns(),
        [by_total, first, without],
        "no measurement in this window",
    )


def _speeds() -> Panel:
    text = select(f'{shared.percentiles()}, count("total_ms") AS "n"', "web", shared.MEASURED, ["site"])
    return table(
        "Time of one connection by site (ms; p50, p95, p99 of n in this window)",
        "Which site waits, and is it always or sometimes? Raw samples of this window, controls left out; small n says little.",
        Query(text),
        [
            Column("site", "Site", link=shared.SITE.link),
            *(Column(name, name, unit="ms", decimals=0, width=90) for name, _, _ in shared.PERCENTILES),
            Column("n", "n", width=90),
        ],
        (12, 13),
        "no measurement in this window",
        ("p95", True),
    )


def _spread() -> Panel:
    text = select(shared.percentiles(), "web", shared.MEASURED, steps=True)
    return chart(
        "Time of one connection over all sites (ms, logarithmic; p50, p95, p99)",
        "Did everybody get slower at once? Then it is not one site's device. Vertical marks are events; a gap: nothing was stored.",
        [Query(text, form="time_series", alias="$col")],
        shared.percentile_columns(),
        (24, 8),
        style="logarithmic",
    )
