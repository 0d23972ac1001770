"""State points: names and types for ever, every field told, unknown texts empty and unknown numbers absent."""

import pytest

from server.fleet.registry import Place
from server.history.lines import encode
from server.history.port import Point
from server.state.agent_hours import AgentHour
from server.watcher.site_more import SiteMore
from server.watcher.state_points import FIELD_TYPES, TAGS, agent_point, hour_point, path_point, site_point
from server.watcher.states import AgentState, PathStop, SiteState
from server.watcher.summary import Summary

NOW = 1_795_000_000_500_000_000
FRANKFURT = Place(50, 8)
AGENT = AgentState(
    "agent-01",
    "Frankfurt",
    "late",
    NOW - 150 * 10**9,
    60,
    lab=True,
    software="1.0",
    expected=60,
    stored=45,
    missing=9,
    dropped=6,
    plan=7,
    troubles=("lagging", "clock off"),
)
SITE = SiteState(
    *("Frankfurt", "inspected", 10, NOW - 10**9, 3, 2, 2, 4, 6),
    devices=("Zscaler", "unknown make"),
    place=FRANKFURT,
    zone="Europe/Berlin",
    egress="203.0.113.1",
    egress_name="Backbone",
    distance_km=12.5,
    front_door="FRA",
    total_ms=84,
    completeness=0.75,
    more=SiteMore(
        Summary("break and inspect", 42.5, 2, 3),
        *("Zscaler", "security", "agree"),
        {"exchange": 91.0, "sharepoint": 80.0, "teams": 77.0},
        {"Optimize": 100.0, "Allow": 50.0, "Default": 0.0},
    ),
)
BARE = SiteState("Nowhere", "silent", 5, NOW - 10**9, 1, 0, 0, 0, 0)
WHOLE = [agent_point(AGENT, NOW), site_point(SITE, NOW), path_point(PathStop("Frankfurt", "1 site", FRANKFURT, "Frankfurt", ""), NOW)]
WHOLE.append(hour_point(AgentHour("agent-01", "Frankfurt", NOW, 60, 45, 1, 5)))


@pytest.mark.parametrize("point", [*WHOLE, site_point(BARE, NOW)], ids=lambda point: point.tags[0][1] + " " + point.measurement)
def test_a_point_keeps_to_its_names_and_types(point: Point) -> None:
    """Tags in their order, no field of another type or beside the list, and a store can read it."""
    assert tuple(name for name, _ in point.tags) == TAGS[point.measurement]
    assert {name: type(value) for name, value in point.fields.items()}.items() <= FIELD_TYPES[point.measurement].items()
    assert encode(point)
    assert point.time_ns == NOW


def test_nothing_is_promised_that_is_not_told() -> None:
    """A state that knows everything has every field of its measurement."""
    assert {point.measurement: set(point.fields) for point in WHOLE} == {name: set(fields) for name, fields in FIELD_TYPES.items()}


def test_what_an_agents_point_says() -> None:
    """Age in seconds, completeness as the stored part."""
    fields = agent_point(AGENT, NOW).fields
    assert (fields["state"], fields["age_s"], fields["completeness"], fields["lab"]) == ("late", 150.0, 0.75, True)


def test_what_is_unknown() -> None:
    """Texts are empty, so that the last value is true; numbers are absent, for there is no empty one."""
    fields = site_point(BARE, NOW).fields
    assert set(FIELD_TYPES["site_state"]) - set(fields) == (
        {"lat", "lon", "distance_km", "total_ms", "summary_percent"}
        | {f"score_{name}" for name in ("exchange", "sharepoint", "teams")}
        | {f"bypassed_{name}" for name in ("optimize", "allow", "default")}
    )
    assert {fields[name] for name in ("devices", "egress", "egress_name", "front_door")} == {""}


def test_devices_are_named_in_one_text() -> None:
    """Comma joined, as a table shows them."""
    assert site_point(SITE, NOW).fields["devices"] == "Zscaler, unknown make"


def test_the_names_are_for_ever() -> None:
    """Added to, never renamed nor retyped."""
    assert TAGS == {"agent_state": ("site", "agent"), "site_state": ("site",), "site_path": ("site", "stop"), "agent_hour": ("agent",)}
    short = {float: "f", int: "i", str: "s", bool: "b"}
    assert {name: " ".join(f"{field}:{short[kind]}" for field, kind in fields.items()) for name, fields in FIELD_TYPES.items()} == {
        "agent_state": (
            "state:s age_s:f cadence_s:f expected:i stored:i missing:i dropped:i completeness:f lab:b software:s plan:i troubles:i "
            "trouble:s"
        ),
        "site_state": (
            "verdict:s rank:i since_ms:i agents:i reporting:i agree:i hosts:i targets:i devices:s lat:f lon:f zone:s egress:s "
            "egress_name:s distance_km:f front_door:s total_ms:f completeness:f simulated:b summary:s summary_percent:f summary_agree:i "
            "summary_agents:i egress_owner:s egress_kind:s egress_says:s peering:s score_exchange:f score_sharepoint:f "
            "score_teams:f "
            "bypassed_optimize:f bypassed_allow:f bypassed_default:f"
        ),
        "site_path": "lat:f lon:f name:s address:s",
        "agent_hour": "site:s expected:i stored:i quarantined:i missing:i dropped:i completeness:f",
    }


def test_an_hour_of_nothing() -> None:
    """What is missing is the rest; of nothing expected nothing is missing."""
    hour = AgentHour("a", "", NOW, 60, 45, 1, 5)
    assert (hour.missing, hour_point(hour).fields["completeness"]) == (9, 0.75)
    assert hour_point(AgentHour("a", "", NOW, 0, 0, 0, 0)).fields["completeness"] == 1.0
