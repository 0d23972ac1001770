"""States and hours of agents and sites as points in bucket `mw_raw`: the only place that spells their tags and fields.

Names and types are for ever. A text that is unknown is empty and not left out: whoever asks for the last value of a field must not get
one of an earlier state. A number that is unknown is left out.
"""

from collections.abc import Mapping
from typing import Final

from server.history.port import Point, Value
from server.state.agent_hours import AgentHour
from server.watcher.site_more import SiteMore
from server.watcher.states import AgentState, PathStop, SiteState

TAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "agent_state": ("site", "agent"),
    "site_state": ("site",),
    "site_path": ("site", "stop"),
    "agent_hour": ("agent",),
}
"""The tag keys of each measurement, in their order on the line."""

FIELD_TYPES: Final[Mapping[str, Mapping[str, type]]] = {
    "agent_state": {
        "state": str,
        "age_s": float,
        "cadence_s": float,
        "expected": int,
        "stored": int,
        "missing": int,
        "dropped": int,
        "completeness": float,
        "lab": bool,
        "software": str,
        "plan": int,
        "troubles": int,
        "trouble": str,
    },
    "site_state": {
        "verdict": str,
        "rank": int,
        "since_ms": int,
        "agents": int,
        "reporting": int,
        "agree": int,
        "hosts": int,
        "targets": int,
        "devices": str,
        "lat": float,
        "lon": float,
        "zone": str,
        "egress": str,
        "egress_name": str,
        "distance_km": float,
        "front_door": str,
        "total_ms": float,
        "completeness": float,
        "simulated": bool,
        "summary": str,
        "summary_percent": float,
        "summary_agree": int,
        "summary_agents": int,
        "egress_owner": str,
        "egress_kind": str,
        "egress_says": str,
        "peering": str,
        **dict.fromkeys(("score_exchange", "score_sharepoint", "score_teams"), float),
        **dict.fromkeys(("bypassed_optimize", "bypassed_allow", "bypassed_default"), float),
    },
    "site_path": {"lat": float, "lon": float, "name": str, "address": str},
    "agent_hour": {
        "site": str,
        "expected": int,
        "stored": int,
        "quarantined": int,
        "missing": int,
        "dropped": int,
        "completeness": float,
    },
}
"""Every field and its type, for ever. Times are Unix milliseconds, places degrees, completeness 0 to 1, other shares percent."""


def agent_point(agent: AgentState, now_ns: int) -> Point:
    """Return the point of an agent's state at this moment."""
    fields: dict[str, Value] = {
        "state": agent.state,
        "age_s": (now_ns - agent.latest_ns) / 1e9,
        "cadence_s": float(agent.cadence_s),
        "expected": agent.expected,
        "stored": agent.stored,
        "missing": agent.missing,
        "dropped": agent.dropped,
        "completeness": float(agent.completeness),
        "lab": agent.lab,
        "software": agent.software,
        "plan": agent.plan,
        "troubles": len(agent.troubles),
        "trouble": ", ".join(agent.troubles),
    }
    return Point("agent_state", (("site", agent.site), ("agent", agent.agent)), fields, now_ns)


def site_point(site: SiteState, now_ns: int) -> Point:
    """Return the point of a site's state at this moment."""
    fields: dict[str, Value] = {
        "verdict": site.verdict,
        "rank": site.rank,
        "since_ms": site.since_ns // 10**6,
        "agents": site.agents,
        "reporting": site.reporting,
        "agree": site.agree,
        "hosts": site.hosts,
        "targets": site.targets,
        "devices": ", ".join(site.devices),
        "zone": site.zone,
        "egress": site.egress,
        "egress_name": site.egress_name,
        "front_door": site.front_door,
        "completeness": float(site.completeness),
        "simulated": site.simulated,
    }
    fields |= _more(site.more)
    if site.place is not None:
        fields |= {"lat": float(site.place.latitude), "lon": float(site.place.longitude)}
    if site.distance_km is not None:
        fields["distance_km"] = float(site.distance_km)
    if site.total_ms is not None:
        fields["total_ms"] = float(site.total_ms)
    return Point("site_state", (("site", site.site),), fields, now_ns)


def hour_point(hour: AgentHour) -> Point:
    """Return the point of one hour of an agent's reports, at the hour's start: counted again it is the same point.

    The site is a field, for the agent may have moved until then. Of nothing expected, nothing is missing.
    """
    fields: dict[str, Value] = {
        "site": hour.site,
        "expected": hour.expected,
        "stored": hour.stored,
        "quarantined": hour.quarantined,
        "missing": hour.missing,
        "dropped": hour.dropped,
        "completeness": hour.stored / hour.expected if hour.expected else 1.0,
    }
    return Point("agent_hour", (("agent", hour.agent),), fields, hour.hour_ns)


def _more(more: SiteMore) -> dict[str, Value]:
    summary = more.summary
    fields: dict[str, Value] = {
        "summary": summary.word,
        "summary_agree": summary.agree,
        "summary_agents": summary.agents,
        "egress_owner": more.egress_owner,
        "egress_kind": more.egress_kind,
        "egress_says": more.says,
        "peering": more.peering,
    }
    if summary.word:
        fields["summary_percent"] = float(summary.percent)
    fields |= {f"score_{name}": float(points) for name, points in more.scores.items()}
    return fields | {f"bypassed_{category.lower()}": float(percent) for category, percent in more.bypassed.items()}


def path_point(stop: PathStop, now_ns: int) -> Point:
    """Return the point of one stop of a site's way at this moment."""
    fields: dict[str, Value] = {"lat": float(stop.place.latitude), "lon": float(stop.place.longitude)}
    return Point("site_path", (("site", stop.site), ("stop", stop.stop)), fields | {"name": stop.name, "address": stop.address}, now_ns)
