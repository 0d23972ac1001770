"""One site's changes, verdicts, evidence and devices. Queries only."""

from dashboards import columns as shared
from dashboards.influxql import last, names, select
from dashboards.panel import Column, Panel, Query, table, timeline
from dashboards.scope import CONSOLE, MARKS, PATHS
from dashboards.states import KINDS, SEVERITIES, by_table, by_word, yes_or_no

SEVERITY_WORDS = (("critical", "■ critical"), ("high", "▲ high"), ("medium", "◇ medium"), ("info", "○ info"), ("none", "● none"))


def events() -> Panel:
    """Return the table of what changed here."""
    fields = ("sentence", "severity", "kind", "agents_agree", "agents_reporting", "made_ms")
    return table(
        "Events of this site, newest first (at most 50)",
        "What changed here in this window, each change told once; told: how long after the measurement the watcher said so.",
        Query(select(names(fields), "event", MARKS, newest=True), "mw-event"),
        [
            Column("Time", "Measured", width=170),
            Column("made_ms", "Told", unit="dateTimeAsIso", width=165),
            Column("severity", "Priority", width=150, mappings=by_table(SEVERITIES)),
            Column("kind", "Change", width=220, mappings=by_table(KINDS)),
            Column("agents_agree", "Agents agree", width=130, absent="not counted"),
            Column("agents_reporting", "of reporting", width=120, absent="not counted"),
            Column("sentence", "What happened", wrapped=True, link=CONSOLE),
        ],
        (24, 6),
        "nothing changed here in this window",
    )


def verdicts() -> Panel:
    """Return the verdict of each target over time."""
    text = select(last("verdict"), "finding", PATHS, ["target", "route"], steps=True)
    return timeline(
        "Verdict by target and route",
        "Since when, and on which hosts and routes? The last verdict in each step, of whichever agent. No bar: nothing was measured.",
        Query(text, form="time_series", alias="$tag_target · $tag_route"),
        by_word(),
        (24, 8),
    )


def findings() -> Panel:
    """Return the newest findings with their evidence."""
    device = ("vendor", "device_class", "device_key")
    fields = (
        "severity",
        "confidence",
        "deterministic",
        "signals",
        "responsible",
        *device,
        "tax_ms",
        "tax_tls_ms",
        "tax_first_byte_ms",
        "points_lost",
        "knowledge",
    )
    text = select(last("verdict", fields), "finding", PATHS, ["target", "route", "agent", "workload"])
    return table(
        "Newest finding of each target, with the signals that prove it",
        "What proves it, how sure is it, and whose job is it? Deterministic: one signal that has no innocent explanation.",
        Query(text),
        [
            shared.VERDICT,
            Column("target", "Target", width=230, link=CONSOLE),
            Column("route", "Route", width=80),
            Column("workload", "Workload", width=100),
            Column("agent", "Agent", width=130),
            Column("severity", "Severity", width=100, mappings=by_table(SEVERITY_WORDS)),
            Column("confidence", "Confidence", unit="percentunit", decimals=0, width=120),
            Column("deterministic", "Deterministic", width=135, mappings=yes_or_no()),
            Column("signals", "Signals", width=230, absent="none"),
            Column("responsible", "Whose job", width=115),
            Column("vendor", "Make", width=110, absent="none or not known"),
            Column("device_class", "Kind of device", width=150, absent="no device"),
            Column("device_key", "Device key", width=150, absent="no device"),
            Column("tax_ms", "Costs", unit="ms", decimals=1, width=90, absent="no other way measured"),
            Column("tax_tls_ms", "of it TLS", unit="ms", decimals=1, width=90, absent="no other way measured"),
            Column("tax_first_byte_ms", "first byte", unit="ms", decimals=1, width=90, absent="no other way measured"),
            Column("points_lost", "Points lost", decimals=1, width=100, absent="no score"),
            Column("knowledge", "Knowledge version", width=150),
        ],
        (24, 9),
        "no finding in this window",
        ("Severity", False),
    )


def devices() -> Panel:
    """Return the devices that came or went."""
    fields = ("device", "vendor", "product", "device_class", "issuer", "verdict", "hosts", "native", "responsible", "episode")
    where = f'{MARKS} AND "kind" =~ /^(appeared|discovered|returned|left)$/'
    return table(
        "Devices that came or went in this window (at most 50)",
        "Which device is it, by whose certificate, on which hosts, and what does Microsoft offer instead of what it does?",
        Query(select(names(("sentence", *fields, "kind")), "event", where, newest=True), "mw-event"),
        [
            Column("Time", "Measured", width=170),
            Column("kind", "Change", width=200, mappings=by_table(KINDS)),
            Column("device", "Device", width=130, link=CONSOLE),
            Column("vendor", "Make", width=110, absent="not known"),
            Column("product", "Product", width=120, absent="not known"),
            Column("device_class", "Kind of device", width=150, absent="not known"),
            Column("verdict", "Verdict", width=120, mappings=by_word(colour=False), absent="gone"),
            Column("issuer", "Issuer of its certificates", width=220, absent="none seen"),
            Column("hosts", "Hosts", width=260),
            Column("native", "Microsoft's own alternative", width=220, absent="none named"),
            Column("responsible", "Whose job", width=115),
            Column("episode", "Episode", width=80),
        ],
        (24, 6),
        "no device came or went in this window",
    )
