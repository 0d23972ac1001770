"""Columns and queries that both dashboards show, spelled once. Data and small functions."""

from collections.abc import Sequence

from dashboards.dashboard import TO_SITE
from dashboards.influxql import any_of, last, names, over, select
from dashboards.panel import Column, Query
from dashboards.states import AGENT_STATES, KINDS, SEVERITIES, Family, by_rank, by_table, by_word

PHASES = ("dns", "connect", "proxy", "tls", "first_byte", "body")
"""The phases of one connection in their order; they add up to the total within 1 ms, or the rest is `unaccounted_ms`."""
PHASE_COLOURS = ("#CC79A7", "#0072B2", "#E69F00", "#56B4E9", "#009E73", "#F0E442")

RANK = Column("rank", "State", width=75, mappings=by_rank(), cell="color-background-solid", align="center")
VERDICT = Column("verdict", "Verdict", width=120, mappings=by_word(colour=False))
SITE = Column("site", "Site", width=150, link=TO_SITE)
TOTAL = Column("total_ms", "Median", unit="ms", decimals=0, width=90)
COMPLETENESS = Column("completeness", "Completeness", unit="percentunit", decimals=1, width=140)
AGENT_STATE = Column("state", "State", width=120, mappings=by_table(AGENT_STATES))

EVENTS = select('"sentence", "vendor", "kind", "scope" AS "site", "severity"', "event", newest=True)

EVENT_COLUMNS = (
    Column("Time", "Measured", width=165),
    Column("severity", "Priority", width=145, mappings=by_table(SEVERITIES)),
    Column("kind", "Change", width=205, mappings=by_table(KINDS)),
    SITE,
    Column("sentence", "What happened", wrapped=True),
    Column("vendor", "Make", width=120, absent="not known"),
)

ANNOTATIONS = select('"sentence", "kind", "severity"', "event")

AGENT_FIELDS = (
    "state",
    "age_s",
    "completeness",
    "stored",
    "missing",
    "dropped",
    "cadence_s",
    "software",
    "lab",
    "plan",
    "trouble",
    "troubles",
    "site",
)


def newest_agents(where: str = "") -> str:
    """Return the query of each agent's newest state; by agent alone, so that one who moved is counted once."""
    return select(last("expected", AGENT_FIELDS), "agent_state", where, ["agent"])


def newest_sites(fields: Sequence[str]) -> str:
    """Return the query of each site's newest state."""
    return select(last("rank", fields), "site_state", by=["site"])


def of_family(family: Family, fields: Sequence[str]) -> str:
    """Return the query of the sites whose newest state has one shape."""
    return over(names(fields), newest_sites(fields), any_of("rank", family.ranks), ["site"])


def agents_by_state() -> list[Query]:
    """Return the number of agents in each state; a state nobody is in gives no row, and no agent at all gives none."""
    counts = [(over('count("expected") AS "agents"', newest_agents(), f"\"state\" = '{state}'"), text) for state, text in AGENT_STATES]
    return [Query(count, form="time_series", alias=text) for count, text in counts]


def phase_columns() -> list[Column]:
    """Return the phases as series in their fixed colours."""
    return [Column(f"{name}_ms", name.replace("_", " "), colour=colour) for name, colour in zip(PHASES, PHASE_COLOURS, strict=True)]


def phase_means() -> str:
    """Return the means of all phases: means add up to the mean of the total, medians would not."""
    return ", ".join(f'mean("{name}_ms") AS "{name}_ms"' for name in PHASES)


PERCENTILES = (("p50", 50, "#0072B2"), ("p95", 95, "#E69F00"), ("p99", 99, "#D55E00"))


MEASURED = "\"category\" <> 'Control'"
"""Controls are no way to Microsoft: they tell a site that is off from a host that is."""


def percentiles() -> str:
    """Return p50, p95 and p99 of the total over raw samples: percentiles are never averaged."""
    return ", ".join(f'percentile("total_ms", {rank}) AS "{name}"' for name, rank, _ in PERCENTILES)


def percentile_columns() -> list[Column]:
    """Return the percentiles as series in their fixed colours."""
    return [Column(name, name, unit="ms", decimals=0, colour=colour) for name, _, colour in PERCENTILES]
