"""Panels as values: what becomes of a query, a column, a table, a chart in Grafana's JSON."""

from dashboards.panel import Column, Query, chart, stat, table, timeline

QUERY = Query('SELECT "a" FROM "m"')


def test_a_target_is_raw_influxql_with_its_source_and_form() -> None:
    """Nothing of the query editor's own form is used."""
    assert Query("q", "mw-event", "time_series", "$tag_x").target("B") == {
        "refId": "B",
        "datasource": {"type": "influxdb", "uid": "mw-event"},
        "rawQuery": True,
        "query": "q",
        "resultFormat": "time_series",
        "alias": "$tag_x",
    }


def test_a_table_has_exactly_its_columns_in_their_order() -> None:
    """Time goes when nobody asked for it; names in the data stay, titles are only shown."""
    made = table(
        "T", "D", QUERY, [Column("b", "B", unit="ms", decimals=0, link=("to", "/x")), Column("a")], (12, 5), "none", ("B", True)
    ).made(3, 1, 2)
    assert made["gridPos"] == {"x": 1, "y": 2, "w": 12, "h": 5}
    assert made["transformations"][0]["options"]["include"]["names"] == ["b", "a"]
    assert made["transformations"][1]["options"] == {
        "excludeByName": {"Time": True, "time": True},
        "indexByName": {"b": 0, "a": 1},
        "renameByName": {},
    }
    assert made["options"]["sortBy"] == [{"displayName": "B", "desc": True}]
    assert made["fieldConfig"]["defaults"]["noValue"] == "none"
    shown = {one["id"]: one["value"] for one in made["fieldConfig"]["overrides"][0]["properties"]}
    assert shown == {"displayName": "B", "unit": "ms", "decimals": 0, "links": [{"title": "to", "url": "/x"}]}


def test_a_chart_never_bridges_a_gap() -> None:
    """Lines stop at null in every style; the step is at least the page's finest."""
    for style in ("lines", "stacked", "bars", "logarithmic"):
        made = chart("T", "D", [QUERY], [], (12, 5), style=style).made(1, 0, 0)
        assert made["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False
        assert made["interval"] == "$finest"
    assert made["fieldConfig"]["defaults"]["custom"]["scaleDistribution"] == {"type": "log", "log": 10}
    assert "noValue" not in made["fieldConfig"]["defaults"]


def test_a_timeline_writes_the_state_into_the_bar() -> None:
    """Shape and word, and no bar where nothing was stored."""
    made = timeline("T", "D", QUERY, [], (12, 5)).made(1, 0, 0)
    assert made["options"]["showValue"] == "auto"
    assert made["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False


def test_a_stat_says_in_words_that_there_is_nothing() -> None:
    """Never 0 for absent; one value needs no name beside it."""
    made = stat("T", "D", [QUERY], [Column("a")], (4, 4), "not in this window", "/^a$/").made(1, 0, 0)
    assert made["fieldConfig"]["defaults"]["noValue"] == "not in this window"
    assert made["options"]["textMode"] == "value"
    assert made["options"]["reduceOptions"] == {"calcs": ["lastNotNull"], "fields": "/^a$/", "values": False}
