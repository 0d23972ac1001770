"""The endpoints of one site themselves: links, tunnels, proxies, added roots, local products. Queries only."""

from dashboards.influxql import last, select
from dashboards.panel import Column, Panel, Query, table
from dashboards.scope import HERE


def links() -> Panel:
    """Return how each endpoint is connected, and which of Microsoft's networks leave by a tunnel."""
    fields = ("system", "adapters", "default_by", "vpn", "tunnelled", "untunnelled", "proxies", "pac_direct", "pac_proxied", "error")
    return table(
        "How each endpoint is connected",
        "Which of Microsoft's Optimize networks does a VPN take, and where do this machine's own settings send programs?",
        Query(select(last("facts", fields), "host", HERE, ["agent"])),
        [
            Column("agent", "Agent", width=150),
            Column("system", "System", width=90, absent="not known"),
            Column("adapters", "Adapters", width=150, absent="not known"),
            Column("default_by", "Default route by", width=140, absent="none"),
            Column("vpn", "VPN", width=140, absent="none"),
            Column("tunnelled", "Optimize networks in a tunnel", width=220, absent="not known"),
            Column("untunnelled", "outside one", width=120, absent="not known"),
            Column("proxies", "Proxy settings", width=240, absent="not known"),
            Column("pac_direct", "Names a PAC file sends direct", width=220, absent="no PAC file"),
            Column("pac_proxied", "to a proxy", width=110, absent="no PAC file"),
            Column("error", "Not seen because", absent="all was seen"),
        ],
        (24, 5),
        "no endpoint has looked at itself in this window",
    )


def health() -> Panel:
    """Return how each agent fares on its machine."""
    fields = ("loop_lag_ms", "rss_mb", "cpu_ms", "spooled", "dropped", "clock_offset_ms", "uplink")
    return table(
        "How each agent fares on its machine",
        "Is the agent a light guest, and can its times be believed? Processor time is of one report's cycle; offsets are of the clock.",
        Query(select(last("facts", fields), "host", HERE, ["agent"])),
        [
            Column("agent", "Agent", width=150),
            Column("loop_lag_ms", "Worst loop lag", unit="ms", decimals=0, width=130),
            Column("rss_mb", "Memory", unit="decmbytes", decimals=0, width=100),
            Column("cpu_ms", "Processor", unit="ms", decimals=0, width=110),
            Column("spooled", "Waiting reports", width=140),
            Column("dropped", "Lost to the spool's bound", width=190),
            Column("clock_offset_ms", "Clock ahead of the centre", unit="ms", decimals=0, width=190, absent="no receipt yet"),
            Column("uplink", "Kept from the centre by", absent="nothing"),
        ],
        (24, 4),
        "no endpoint has looked at itself in this window",
    )


def products() -> Panel:
    """Return what on each endpoint can stand in the way."""
    fields = ("products", "added_roots", "roots", "ntp_offset_ms")
    return table(
        "What on each endpoint can stand in the way",
        "Known products that run there, and roots somebody added to the system's: a product's root is there while nothing is inspected.",
        Query(select(last("facts", fields), "host", HERE, ["agent"])),
        [
            Column("agent", "Agent", width=150),
            Column("products", "Known products running", width=230, absent="not known"),
            Column("added_roots", "Roots no public set has", wrapped=True, absent="not known"),
            Column("roots", "Roots in all", width=110, absent="not known"),
            Column("ntp_offset_ms", "Clock ahead of NTP", unit="ms", decimals=0, width=160, absent="not asked"),
        ],
        (24, 5),
        "no endpoint has looked at itself in this window",
    )
