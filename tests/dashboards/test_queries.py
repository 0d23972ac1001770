"""Every query of dashboards and rules: reads only what is stored, shows all that is stored, and returns rows from a real InfluxDB."""

import time
from typing import Any

import pytest

from dashboards.fleet import fleet
from dashboards.site import site
from server.collector.points import FIELD_TYPES, MEASUREMENTS
from server.history.influx import Influx as History
from server.watcher.rollups.tally import FIGURES, LASTING, PHASES
from tests.lab.dashboards import NOT_IN_THE_DEMO, QUIET_WHEN_WELL, Asked, everything, filled, run_all
from tests.lab.influxql import reads, tokens
from tests.lab.measured import BUCKETS, FIELDS, TAGS
from tests.lab.plausible import TOWNS, batches
from tests.servers.influx import Influx
from wire.vocabulary import KINDS

HOUR_NS = 3600 * 10**9
UNTIL_NS = time.time_ns() // HOUR_NS * HOUR_NS
"""The last full hour: a bucket refuses what is older than it keeps."""
UNSHOWN: dict[tuple[str, str], str] = {
    **{(kind, name): "identity of a report: it leads to the console's evidence" for kind in KINDS for name in ("stream", "seq")},
    **{(kind, "facts"): "id of the stable part: it leads to the console's evidence" for kind in KINDS},
    **{(kind, name): "told of web, the same agent's" for kind in KINDS if kind != "web" for name in ("clock", "suspect", "repeat")},
    **{(kind, name): "dns has the failure's word, which has the stage in it" for kind in ("dns",) for name in ("stage", "error")},
    **{("host", name): "no packet is sent, so nothing fails but the look itself, which `error` tells" for name in ("failure", "stage")},
    ("path", "stage"): "connect, or dns, which has a panel of its own",
    **{
        ("rollup_day", f"{phase}_p99"): "of one phase alone: in the CSV; the tail of the whole is shown"
        for phase in PHASES
        if phase not in LASTING
    },
    **{("rollup_hour", name): "the day's panels show it of days; of hours it is in the CSV" for name in FIGURES if "total_ms" not in name},
    **{("egress", name): "a reflector that fails is a gap in the egress addresses" for name in ("failure", "stage", "error")},
}
"""Stored and on no panel, and why."""


@pytest.mark.parametrize("one", everything(), ids=lambda one: f"{one.dashboard}: {one.place}")
def test_every_query_reads_only_what_is_stored(one: Asked) -> None:
    """Measurement, fields and tags exist, in the bucket of the query's source."""
    found = reads(one.text)
    assert found
    for read in found:
        assert read.name in FIELDS[read.measurement] | {*TAGS[read.measurement]}, read
        assert BUCKETS[read.measurement] == one.source


def test_every_field_is_shown_or_listed_with_a_reason() -> None:
    """A field nobody sees is not worth its disk; an exception that is no longer one fails."""
    shown: set[tuple[str, str]] = set()
    for panel in (*fleet()["panels"], *site()["panels"]):
        columns = {one["matcher"]["options"] for one in panel.get("fieldConfig", {}).get("overrides", [])}
        for target in panel.get("targets", []):
            found = [read for read in reads(target["query"]) if read.shown and (panel["type"] != "table" or read.name in columns)]
            shown |= {(read.measurement, read.name) for read in found}
    stored = {(measurement, name) for measurement, names in FIELDS.items() for name in names}
    assert stored - shown == set(UNSHOWN)


def test_the_table_of_fields_is_whole() -> None:
    """What tests know of the collector's fields is what its types know; `rounds` is a run's, and no point has it."""
    assert set().union(*(FIELDS[one] for one in MEASUREMENTS)) == set(FIELD_TYPES) - {"rounds"}


def test_the_reader_of_queries_refuses_what_it_does_not_know() -> None:
    """A word of Flux, a function InfluxDB 3 lacks, a field the sub-query does not give, a bracket left open."""
    for text in (
        'SELECT holt_winters("a") FROM "m"',
        'SELECT "b" FROM (SELECT "a" FROM "m")',
        'SELECT "a" FROM (SELECT "a" FROM "m"',
        'SELECT "a"',
        "from(bucket: 1)",
    ):
        with pytest.raises(ValueError, match=r"InfluxQL|sub-query|bracket|no from"):
            reads(text)
    assert [token.kind for token in tokens("\"a\" =~ /^b\\/c$/ AND $x > 'd' LIMIT 5m".replace(">", "="))][:3] == ["name", "sign", "pattern"]


def test_choices_are_put_in_as_grafana_does() -> None:
    """Escaped for a regular expression, all as it stands, the window in milliseconds."""
    text = '"site" =~ /^${site:regex}$/ AND $timeFilter GROUP BY time($__interval)'
    assert filled(text, 1, 2, {"site": "A/B (1)"}) == '"site" =~ /^A\\/B \\(1\\)$/ AND time >= 1ms and time <= 2ms GROUP BY time(1m)'
    assert "/^.*$/" in filled(text, 1, 2, {"site": ".*"})
    assert {one.place for one in everything()} >= {*QUIET_WHEN_WELL, *NOT_IN_THE_DEMO}


def readable(influx: Influx, org: str) -> str:
    """Return a token that can read one organisation's three buckets, as Grafana's."""
    made = influx.ask("GET", f"/api/v2/orgs?org={org}")["orgs"][0]["id"]
    buckets = influx.ask("GET", f"/api/v2/buckets?org={org}&limit=100")["buckets"]
    wanted = [one["id"] for one in buckets if one["name"] in {"mw_raw", "mw_rollup", "mw_event"}]
    rights = [{"action": "read", "resource": {"type": "buckets", "orgID": made, "id": bucket}} for bucket in wanted]
    answer: Any = influx.ask("POST", "/api/v2/authorizations", {"orgID": made, "permissions": rights})
    return str(answer["token"])


async def test_every_query_returns_rows_with_a_token_that_only_reads(influx: Influx) -> None:
    """Panels, variables, annotations and rules, on an hour of a small fleet, names with quotes, brackets and accents among its sites."""
    settings = influx.fresh()
    history = History(settings)
    try:
        for bucket, points in batches(UNTIL_NS - HOUR_NS, UNTIL_NS, step_s=120):
            assert not await history.write(bucket, points)
    finally:
        await history.close()
    token = readable(influx, settings.org)
    ran = run_all(influx.url, token, (UNTIL_NS - HOUR_NS) // 10**6, UNTIL_NS // 10**6)
    assert not [one for one in ran if not one.rows]
    quoted = run_all(influx.url, token, (UNTIL_NS - HOUR_NS) // 10**6, UNTIL_NS // 10**6, at=["Coeur d'Alene (ID)"])
    of_site = [one for one in quoted if one.dashboard == "mw-site" and one.panel not in QUIET_WHEN_WELL]
    assert not [one for one in of_site if not one.rows]
    assert len(TOWNS) == next(one.rows for one in ran if one.panel == "variable site")
