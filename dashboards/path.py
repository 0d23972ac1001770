"""One site's way out: map, egress, name lookups, front doors, hops. Queries only."""

from dataclasses import replace

from dashboards.geography import geomap, labels, markers, route, symbol
from dashboards.influxql import last, select
from dashboards.panel import Column, Panel, Query, table, timeline
from dashboards.scope import HERE, PATHS
from dashboards.states import BLUE, INK, ORANGE, yes_or_no

STOPS = ("1 site", "2 egress", "3 front door")
"""Values of the tag `stop`, numbered so that the line goes through them in this order."""


def site_map() -> Panel:
    """Return the map of the path."""
    stop = last("lat", ("lon", "name", "address"))
    queries = [Query(select(stop, "site_path", HERE, ["stop"]))]
    queries += [Query(select(stop, "site_path", f"{HERE} AND \"stop\" = '{name}'", ["site"])) for name in STOPS]
    layers = [
        route("site → egress → front door", "A"),
        markers("✚ egress", "C", symbol("cross", INK, size=9)),
        markers("★ front door", "D", symbol("star", ORANGE, size=10)),
        markers("● site", "B", symbol("circle", BLUE, size=7)),
        labels("site", "B", "name"),
        labels("egress", "C", "name", lower=-14),
        labels("front door", "D", "name", lower=14),
    ]
    return geomap(
        "Path: ● site → ✚ egress → ★ front door",
        "Does the traffic leave near the site and meet Microsoft near by, or does it travel first? The list beside says the same.",
        queries,
        layers,
        [Column("lat", decimals=2), Column("lon", decimals=2)],
        (12, 12),
        "● site",
    )


def egress() -> Panel:
    """Return the same as a list."""
    fields = ("egress", "egress_name", "front_door", "zone")
    text = select(last("distance_km", fields), "site_state", HERE, ["site"])
    return table(
        "The same as a list",
        "Where the site is, by which address it leaves, how far that is, and at which of Microsoft's front doors it arrives.",
        Query(text),
        [
            Column("egress_name", "Egress", width=140, absent="not in the list"),
            Column("egress", "Address", width=130),
            Column("distance_km", "Distance", unit="suffix: km", decimals=0, width=110),
            Column("front_door", "Front door", width=115),
            Column("zone", "Time zone"),
        ],
        (12, 3),
        "the way of this site is not known in this window",
    )


def resolvers() -> Panel:
    """Return the newest name lookups."""
    text = select(last("facts", ("dns_ms", "resolver", "answers", "cnames", "failure")), "dns", PATHS, ["target", "agent"])
    return table(
        "Newest name lookup of each target (ms)",
        "Who answers, with which addresses, by which detour of names? A foreign or private answer is a redirection.",
        Query(text),
        [
            Column("target", "Target", width=200),
            Column("agent", "Agent", width=100),
            Column("dns_ms", "Time", unit="ms", decimals=1, width=85, absent="none"),
            Column("resolver", "Resolver", width=120, absent="not known"),
            Column("answers", "Answers", width=180, absent="none"),
            Column("failure", "Failure", width=110, absent="none"),
            Column("cnames", "By the names", absent="no alias"),
        ],
        (12, 9),
        "no name lookup in this window",
    )


def ways_out() -> Panel:
    """Return the newest egress of each agent, as each witness has it."""
    fields = ("address", "signed", "asn", "as_name", "dns_address")
    return table(
        "Newest way out of each agent",
        "By which address does it leave, who announces that, and did our reflector sign it? UDP 53 may leave elsewhere.",
        Query(select(last("facts", fields), "egress", HERE, ["target", "agent", "route"])),
        [
            Column("target", "Reflector", width=200),
            Column("agent", "Agent", width=110),
            Column("route", "Route", width=80),
            Column("address", "Address", width=130, absent="not told"),
            Column("signed", "Signature", width=100, absent="not asked for"),
            Column("asn", "AS", width=80, absent="not known"),
            Column("as_name", "Announced by", width=150, absent="not known"),
            Column("dns_address", "Address by DNS", absent="not asked for"),
        ],
        (12, 7),
        "no reflector answered in this window",
    )


def resolver_itself() -> Panel:
    """Return what DNS tells about itself."""
    fields = ("answered_by_nobody", "resolver", "identity", "version", "resolver_egress")
    text = select(last("facts", fields), "dns", f"{HERE} AND \"category\" = 'Control'", ["agent"])
    return table(
        "What DNS tells about itself",
        "Does somebody answer in the name of an address nobody owns? Then DNS is intercepted here, whatever resolver is set.",
        Query(text),
        [
            Column("agent", "Agent", width=110),
            Column("answered_by_nobody", "Nobody answered", width=140, mappings=yes_or_no()),
            Column("resolver", "Resolver", width=130, absent="not known"),
            Column("resolver_egress", "leaves by", width=130, absent="not asked for"),
            Column("identity", "calls itself", width=130, absent="not asked for"),
            Column("version", "Version", absent="not asked for"),
        ],
        (12, 7),
        "no agent asked in this window",
    )


def front_doors() -> Panel:
    """Return front doors and egress addresses over time."""
    text = select(last("front_door"), "web", PATHS, ["target"], steps=True)
    addresses = select(last("address"), "egress", HERE, ["agent"], steps=True)
    panel = timeline(
        "Front door by target, and egress address by agent",
        "Did the way change? A new front door without a new address is Microsoft's choice; with one, the site's. No bar: none was named.",
        Query(text, form="time_series", alias="front door · $tag_target"),
        (),
        (24, 8),
    )
    queries = [*panel.queries, Query(addresses, form="time_series", alias="egress · $tag_agent")]
    return replace(panel, queries=queries, absent="none named in this window")


def ends() -> Panel:
    """Return where each target's connection ends, against its control port."""
    fields = (
        "ends_at",
        "control_ends_at",
        "control_port",
        "unroutable",
        "unroutable_ms",
        "connect_ms",
        "control_ms",
        "icmp_ms",
        "hops",
        "failure",
    )
    return table(
        "Where each target's connection ends (hops from the agent)",
        "Nearer than its control port? Then somebody on the way ends it. So does whoever accepts a connection to an address nobody owns.",
        Query(select(last("facts", fields), "path", PATHS, ["target", "agent"])),
        [
            Column("target", "Target", width=200),
            Column("agent", "Agent", width=100),
            Column("ends_at", "Ends at hop", width=100, absent="not reached"),
            Column("control_ends_at", "control port", width=110, absent="not known"),
            Column("control_port", "which is", width=80, absent="not tried"),
            Column("unroutable", "Nobody's address", width=135, absent="not tried"),
            Column("unroutable_ms", "after", unit="ms", decimals=1, width=75, absent="no answer"),
            Column("connect_ms", "Connect", unit="ms", decimals=1, width=85, absent="none"),
            Column("control_ms", "control port", unit="ms", decimals=1, width=110, absent="none"),
            Column("icmp_ms", "ping", unit="ms", decimals=1, width=85, absent="not known"),
            Column("failure", "Failure", width=110, absent="none"),
            Column("hops", "By the routers (* was silent)", wrapped=True, absent="not known"),
        ],
        (24, 8),
        "no path was looked at in this window",
    )


def agreements() -> Panel:
    """Return what handshakes agreed on, and where Microsoft's network begins."""
    fields = ("mss", "sack", "timestamps", "scaling", "method", "address", "microsoft_hop", "microsoft_ms", "direct_peering", "error")
    return table(
        "What the path lets through, and where Microsoft's network begins",
        "A small segment size is a tunnel's; an option that is missing was taken on the way. Is the provider Microsoft's neighbour?",
        Query(select(last("facts", fields), "path", PATHS, ["target", "agent"])),
        [
            Column("target", "Target", width=200),
            Column("agent", "Agent", width=100),
            Column("address", "Address", width=130, absent="none"),
            Column("mss", "Segment size", unit="bytes", decimals=0, width=110, absent="not known"),
            Column("sack", "SACK", mappings=yes_or_no(), width=80, absent="not known"),
            Column("timestamps", "Timestamps", mappings=yes_or_no(), width=100, absent="not known"),
            Column("scaling", "Window scaling", mappings=yes_or_no(), width=120, absent="not known"),
            Column("microsoft_hop", "Microsoft begins at hop", width=170, absent="not looked up"),
            Column("microsoft_ms", "after", unit="ms", decimals=1, width=100, absent="not known"),
            Column("direct_peering", "Direct neighbour", mappings=yes_or_no(), width=130, absent="not known"),
            Column("method", "Method", width=100, absent="none"),
            Column("error", "Not seen because", absent="all was seen"),
        ],
        (24, 8),
        "no path was looked at in this window",
    )
