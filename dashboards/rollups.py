"""Weeks and months: days and hours summed up by the site's own clock, of one site and of the fleet. Queries only.

They read `rollup_day` and `rollup_hour`, never raw samples: percentiles over a month of those take tens of seconds. A percentile is shown
as it was computed for its day; none is averaged. Their panels have a range of their own, and say so beside the title.
"""

from dataclasses import replace

from dashboards import columns as shared
from dashboards.influxql import last, select
from dashboards.panel import Column, Panel, Query, chart, table
from dashboards.scope import HERE

ROUTE = '"route" =~ /^${route:regex}$/'
ALWAYS = "\"window\" = '24x7'"
MONTH, WEEK, NEWEST = "30d", "7d", "48h"
"""Of the newest whole day, two days are looked at: it may have begun 48 hours ago."""
_SHARES = ("availability", "inspected_share")
_COUNTED = ("count", "reached", "judged", "inspected", "agents", "hours")
_TIMES = tuple(f"{phase}_{rank}" for phase in ("total_ms", "tax_ms") for rank in ("p50", "p95", "p99"))
_PHASES = ("dns_ms", "connect_ms", "proxy_ms", "tls_ms", "first_byte_ms", "body_ms", "rtt_ms")
_OF_PHASES = tuple(f"{phase}_{rank}" for phase in _PHASES for rank in ("p50", "p95"))
_KEY = ("workload", "route")


def _by(step: str, fields: tuple[str, ...], measurement: str, where: str) -> str:
    """Return the values as stored, one a step of that length: each step has one point of a series."""
    what = ", ".join(f'last("{name}") AS "{name}"' for name in fields)
    tags = ", ".join(f'"{tag}"' for tag in _KEY)
    return f'SELECT {what} FROM "{measurement}" WHERE $timeFilter AND {where} GROUP BY time({step}), {tags} fill(null)'


def days_of_site() -> Panel:
    """Return the p95 day by day."""
    text = _by("24h", ("total_ms_p95",), "rollup_day", f"{HERE} AND {ROUTE} AND {ALWAYS}")
    made = chart(
        "Time of one connection by day (ms, p95)",
        "Has it become slower over the weeks, and since when? Vertical marks are events. A gap: fewer than 24 samples that day, or none.",
        [Query(text, "mw-rollup", "time_series", "$tag_workload by $tag_route")],
        [],
        (12, 8),
        absent="no day is summed up yet: the first comes ten minutes after its first hour",
    )
    return replace(made, span=MONTH)


def shares_of_site() -> Panel:
    """Return availability and inspected share day by day."""
    text = _by("24h", _SHARES, "rollup_day", f"{HERE} AND {ROUTE} AND {ALWAYS}")
    made = chart(
        "Available, and inspected, by day (share of probes, share of findings)",
        "How often did the service answer at all, and how much of it was read on the way? One is all.",
        [Query(text, "mw-rollup", "time_series", "$col, $tag_workload by $tag_route")],
        [],
        (12, 8),
        unit="percentunit",
        absent="no day is summed up yet",
    )
    return replace(made, span=MONTH)


def hours_of_site() -> Panel:
    """Return the percentiles hour by hour."""
    fields = ("total_ms_p50", "total_ms_p95", "total_ms_p99")
    made = chart(
        "Time of one connection by hour (ms, logarithmic; p50, p95, p99)",
        "At which hours of the day is it slow? Hours are the site's own; a gap: fewer than 24 samples in that hour, or none.",
        [Query(_by("1h", fields, "rollup_hour", f"{HERE} AND {ROUTE}"), "mw-rollup", "time_series", "$col, $tag_workload by $tag_route")],
        [],
        (24, 8),
        style="logarithmic",
    )
    return replace(made, span=WEEK)


def windows_of_site() -> Panel:
    """Return the newest day by window."""
    text = select(last("count", (*_COUNTED[1:], *_SHARES, *_TIMES)), "rollup_day", f"{HERE} AND {ROUTE}", (*_KEY, "window"))
    made = table(
        "The newest day, by window of the week (ms; p50, p95, p99)",
        "Is it slow when people work, or at night? Windows: always, business hours on seven days, out of hours, the two of the work week.",
        Query(text, "mw-rollup"),
        [
            Column("workload", "Workload", width=110),
            Column("route", "Route", width=90),
            Column("window", "Window", width=190),
            Column("count", "Probes", width=80),
            Column("reached", "answered", width=90),
            Column("availability", "Available", unit="percentunit", decimals=2, width=100, absent="none"),
            Column("judged", "Findings", width=90),
            Column("inspected", "inspected", width=95),
            Column("inspected_share", "Inspected share", unit="percentunit", decimals=1, width=140, absent="none"),
            *(Column(f"total_ms_{name}", name, unit="ms", decimals=0, width=80, absent="too few") for name in ("p50", "p95", "p99")),
            *(Column(f"tax_ms_{name}", f"tax {name}", unit="ms", decimals=0, width=90, absent="too few") for name in ("p50", "p95", "p99")),
            Column("agents", "Agents (most in an hour)", width=190),
            Column("hours", "Hours"),
        ],
        (24, 8),
        "no day is summed up yet",
        ("Window", False),
    )
    return replace(made, span=NEWEST)


def phases_of_site() -> Panel:
    """Return the phases of the newest day."""
    text = select(last("hours", _OF_PHASES), "rollup_day", f"{HERE} AND {ROUTE} AND {ALWAYS}", _KEY)
    made = table(
        "Phases on the newest day (ms; p50, p95)",
        "Which part of a connection is slow, usually and at its worst? Percentiles of parts do not add up to that of the whole.",
        Query(text, "mw-rollup"),
        [
            Column("workload", "Workload", width=110),
            Column("route", "Route", width=90),
            *(
                Column(name, name.replace("_ms_", " ").replace("_", " "), unit="ms", decimals=0, width=105, absent="none")
                for name in _OF_PHASES
            ),
        ],
        (24, 7),
        "no day is summed up yet",
    )
    return replace(made, span=NEWEST)


def sites_by_day() -> Panel:
    """Return every site's newest day."""
    fields = ("availability", "inspected_share", "total_ms_p50", "total_ms_p95", "total_ms_p99", "tax_ms_p50")
    text = select(last("count", fields), "rollup_day", f"{ALWAYS} AND \"workload\" <> 'Control'", ("site", *_KEY))
    made = table(
        "Sites on their newest day, by workload and route (ms; p50, p95, p99 of n probes)",
        "Which branch waits longest, and what does the way between cost? The same days everywhere, by each site's own clock.",
        Query(text, "mw-rollup"),
        [
            Column("site", "Site", link=shared.SITE.link),
            Column("workload", "Workload", width=110),
            Column("route", "Route", width=90),
            Column("count", "n", width=80),
            Column("availability", "Available", unit="percentunit", decimals=2, width=100, absent="none"),
            Column("inspected_share", "Inspected", unit="percentunit", decimals=1, width=100, absent="none"),
            *(Column(f"total_ms_{name}", name, unit="ms", decimals=0, width=80, absent="too few") for name in ("p50", "p95", "p99")),
            Column("tax_ms_p50", "tax p50", unit="ms", decimals=0, width=90, absent="too few"),
        ],
        (24, 10),
        "no day is summed up yet",
        ("p95", True),
    )
    return replace(made, span=NEWEST)


def fleet_by_day() -> Panel:
    """Return the probes and answers of the whole fleet day by day: counts add up, percentiles do not."""
    counts = 'sum("count") AS "probes", sum("reached") AS "answered", sum("inspected") AS "findings of inspection"'
    text = f'SELECT {counts} FROM "rollup_day" WHERE $timeFilter AND {ALWAYS} GROUP BY time(24h) fill(null)'
    made = chart(
        "Probes of the whole fleet by day (number)",
        "Is the month's picture whole: as many probes each day as the day before, as many answers as probes? And how much was inspected?",
        [Query(text, "mw-rollup", "time_series", "$col")],
        [],
        (24, 7),
        unit="short",
        absent="no day is summed up yet",
    )
    return replace(made, span=MONTH)
