"""How sites stand beside their verdicts: Microsoft's word and scores, what goes around inspection, who runs the way out. Queries only."""

from dashboards import columns as shared
from dashboards.influxql import last, select
from dashboards.panel import Column, Panel, Query, table
from dashboards.states import by_table

SAYS = (("agree", "● agree"), ("disagree", "▲ disagree"), ("single", "○ one fact only"))


def microsofts(where: str = "", height: int = 8) -> Panel:
    """Return Microsoft's word for each location and the scores it would get."""
    fields = ("summary", "summary_percent", "summary_agree", "summary_agents", "score_exchange", "score_sharepoint", "score_teams")
    return table(
        "In Microsoft's words: interference and scores (0 to 100)",
        "What would Microsoft say of this location? The word is of at least 30 % of its requests; Exchange's score is of the median TCP "
        "latency, SharePoint's of the 25th percentile of the download speed, of three days; Teams' is our own, Microsoft publishes none.",
        Query(_newest(fields, where)),
        [
            shared.RANK,
            shared.SITE,
            Column("summary", "Interference", width=160, absent="no request says"),
            Column("summary_percent", "of requests", unit="percent", decimals=0, width=110),
            Column("summary_agree", "Agents agree", width=120),
            Column("summary_agents", "of agents", width=100),
            Column("score_exchange", "Exchange", decimals=0, width=100, absent="under 24 samples"),
            Column("score_sharepoint", "SharePoint", decimals=0, width=110, absent="under 24 samples"),
            Column("score_teams", "Teams (our own)", decimals=0, absent="under 24 samples"),
        ],
        (24, height),
        "no site state in this window",
        ("State", True),
    )


def around(where: str = "", height: int = 8) -> Panel:
    """Return what goes around inspection, and who runs the way out."""
    fields = ("bypassed_optimize", "bypassed_allow", "bypassed_default", "egress_owner", "egress_kind", "egress_says", "peering")
    return table(
        "What goes around inspection, and who runs the way out",
        "Is the bypass complete, and does traffic leave from somebody's cloud? Shares are of the probed names of each category; a cloud "
        "raises the question who stands there, and clears nothing.",
        Query(_newest(fields, where)),
        [
            shared.RANK,
            shared.SITE,
            Column("bypassed_optimize", "Optimize bypassed", unit="percent", decimals=0, width=150, absent="not known"),
            Column("bypassed_allow", "Allow", unit="percent", decimals=0, width=100, absent="not known"),
            Column("bypassed_default", "Default", unit="percent", decimals=0, width=100, absent="not known"),
            Column("egress_owner", "Way out run by", width=220, absent="not known"),
            Column("egress_kind", "Kind of network", width=150, absent="not listed"),
            Column("egress_says", "Do the facts about it agree?", width=210, mappings=by_table(SAYS), absent="none"),
            Column("peering", "Next to Microsoft's network", absent="not known"),
        ],
        (24, height),
        "no site state in this window",
        ("State", True),
    )


def hours(where: str = "") -> Panel:
    """Return the hours of which reports are not all here."""
    fields = '"site", "completeness", "expected", "stored", "missing", "dropped", "quarantined"'
    lost = '"completeness" < 1' + (f" AND {where}" if where else "")
    return table(
        "Hours that are not complete, newest first (at most 50)",
        "When was something lost, at which agent, and is it missing (it may still come), given up by the agent, or set aside unread? "
        "Counted from the ledger by the hour a report was made in; an hour that is filled later is counted again.",
        Query(select(f'{fields}, "agent"', "agent_hour", lost, newest=True)),
        [
            Column("Time", "Hour from", width=165),
            Column("agent", "Agent", width=200),
            shared.SITE,
            shared.COMPLETENESS,
            Column("expected", "Reports expected", width=155),
            Column("stored", "stored", width=95),
            Column("missing", "missing", width=100),
            Column("dropped", "given up", width=105),
            Column("quarantined", "set aside"),
        ],
        (24, 5),
        "every hour is complete in this window",
    )


def _newest(fields: tuple[str, ...], where: str) -> str:
    return select(last("rank", fields), "site_state", where, ["site"])
