"""One site's times and failures: where the time goes, what does not answer, what was seen last. Queries only."""

from dashboards import columns as shared
from dashboards.influxql import last, names, select
from dashboards.panel import Column, Panel, Query, chart, table
from dashboards.scope import CONSOLE, HERE, PATHS
from dashboards.states import GREEN, ORANGE


def phases() -> Panel:
    """Return the mean time by phase."""
    text = select(shared.phase_means(), "web", PATHS, steps=True)
    return chart(
        "Mean time by phase (ms, stacked)",
        "Whose time is it: name lookup, the way to the server, a proxy, the handshake or the server's answer? Means, because they add up.",
        [Query(text, form="time_series", alias="$col")],
        shared.phase_columns(),
        (12, 9),
        style="stacked",
    )


def spread() -> Panel:
    """Return percentiles over time."""
    text = select(shared.percentiles(), "web", PATHS, steps=True)
    return chart(
        "Time of one connection (ms, logarithmic; p50, p95, p99)",
        "Is it slow always, or now and then? The distance between the lines is the spread. Raw samples of each step.",
        [Query(text, form="time_series", alias="$col")],
        shared.percentile_columns(),
        (12, 9),
        style="logarithmic",
    )


def by_target() -> Panel:
    """Return percentiles by target and route."""
    text = select(f'{shared.percentiles()}, count("total_ms") AS "n"', "web", PATHS, ["target", "route"])
    return table(
        "Time of one connection by target and route (ms; p50, p95, p99 of n in this window)",
        "Which target waits, and does a route cost more than another? Direct beside system route: the price of the way between.",
        Query(text),
        [
            Column("target", "Target"),
            Column("route", "Route", width=90),
            *(Column(name, name, unit="ms", decimals=0, width=85) for name, _, _ in shared.PERCENTILES),
            Column("n", "n", width=80),
        ],
        (12, 8),
        "no measurement in this window",
        ("p95", True),
    )


def unaccounted() -> Panel:
    """Return what makes the times doubtful."""
    doubts = 'max("unaccounted_ms") AS "web, unaccounted", count("suspect") AS "suspect samples", count("repeat") AS "repeated samples"'
    text = select(doubts, "web", PATHS, steps=True)
    reflected = select('mean("connect_ms") AS "reflector, connect", mean("total_ms") AS "reflector, total"', "egress", HERE, steps=True)
    return chart(
        "Can the times be believed? (ms; samples as number on the right)",
        "Time no phase accounts for, samples the agent doubts (its loop lagged), samples repeated after a change, the reflector's time.",
        [Query(text, form="time_series", alias="$col"), Query(reflected, form="time_series", alias="$col")],
        [Column("suspect samples", unit="short", colour=ORANGE), Column("repeated samples", unit="short", colour=GREEN)],
        (12, 8),
    )


def failures() -> Panel:
    """Return failures over time."""
    text = select('count("failure") AS "failed"', "web", PATHS, ["target"], steps=True)
    return chart(
        "Connections that failed, by target (number a step)",
        "What does not answer, and when did it begin? No bar: nothing failed, or nothing was measured (see the verdicts above).",
        [Query(text, form="time_series", alias="$tag_target")],
        [],
        (12, 8),
        unit="short",
        style="bars",
        absent="nothing failed in this window",
    )


def failed() -> Panel:
    """Return the newest failures."""
    fields = ("failure", "stage", "error", "address", "target", "route", "agent")
    text = select(names(fields), "web", f'{PATHS} AND "failure" =~ /./', newest=True)
    return table(
        "Failed connections, newest first (at most 50)",
        "At which stage does it end, and how? The word is one of a closed list; text beside it only where no word fits.",
        Query(text),
        [
            Column("Time", "Measured", width=160),
            Column("target", "Target", width=200),
            Column("route", "Route", width=80),
            Column("stage", "Stage", width=90),
            Column("failure", "Failure", width=120),
            Column("address", "Address", width=120, absent="none"),
            Column("agent", "Agent", width=120),
            Column("error", "Text", absent="none"),
        ],
        (12, 8),
        "nothing failed in this window",
    )


_MORE = ("server_ms", "health_score", "throughput_mbps", "bloat_ms", "page")


def seen() -> Panel:
    """Return what was seen last."""
    fields = (
        "total_ms",
        "failure",
        "status",
        "address",
        "tls",
        "http",
        "trust_os",
        "trust_public",
        "front_door",
        "body_bytes",
        "clock",
        *_MORE,
    )
    text = select(last("facts", fields), "web", PATHS, ["target", "route", "agent", "category"])
    return table(
        "Newest connection of each target (ms, bytes)",
        "What did the agent see: address, protocol, whether the system's and the public roots trust the chain, the answer, the front door.",
        Query(text),
        [
            Column("target", "Target", width=210, link=CONSOLE),
            Column("category", "Category", width=90),
            Column("route", "Route", width=80),
            Column("agent", "Agent", width=120),
            Column("status", "Status", width=80, absent="no answer"),
            Column("failure", "Failure", width=100, absent="none"),
            Column("total_ms", "Total", unit="ms", decimals=0, width=80, absent="none"),
            Column("address", "Address", width=120, absent="none"),
            Column("tls", "TLS", width=90, absent="none"),
            Column("http", "HTTP", width=90, absent="none"),
            Column("trust_os", "System's roots", width=120, absent="unchecked"),
            Column("trust_public", "Public roots", width=120, absent="unchecked"),
            Column("front_door", "Front door", width=100, absent="not named"),
            Column("body_bytes", "Body", unit="decbytes", width=90, absent="none"),
            Column("server_ms", "Server's own", unit="ms", decimals=0, width=110, absent="not told"),
            Column("health_score", "SharePoint load (0 to 10)", width=190, absent="not told"),
            Column("throughput_mbps", "Download", unit="Mbits", decimals=1, width=110, absent="not made"),
            Column("bloat_ms", "Buffer bloat", unit="ms", decimals=0, width=110, absent="not made"),
            Column("page", "Block page of", width=150, absent="none"),
            Column("clock", "Clock", width=80),
        ],
        (24, 8),
        "no measurement in this window",
    )
