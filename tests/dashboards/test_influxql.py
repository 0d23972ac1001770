"""Pieces of InfluxQL: each is a whole query with Grafana's macros."""

from dashboards.influxql import any_of, last, names, over, select


def test_a_query_has_its_window_and_fills_steps_with_null() -> None:
    """Never with the previous value: a gap is a state."""
    assert select("x", "m") == 'SELECT x FROM "m" WHERE $timeFilter'
    assert select("x", "m", "w", ["a", "b"]) == 'SELECT x FROM "m" WHERE $timeFilter AND w GROUP BY "a", "b"'
    assert select("x", "m", by=["a"], steps=True) == 'SELECT x FROM "m" WHERE $timeFilter GROUP BY time($__interval), "a" fill(null)'
    assert select("x", "m", newest=True).endswith(" ORDER BY time DESC LIMIT 50")


def test_a_query_over_another_has_no_window_of_its_own() -> None:
    """The inner one has it."""
    assert over("x", "INNER", "w", ["a"]) == 'SELECT x FROM (INNER) WHERE w GROUP BY "a"'


def test_fields_of_one_point_stay_together() -> None:
    """One selector, and the other fields of the point it chose."""
    assert last("a", ("b", "c")) == 'last("a") AS "a", "b", "c"'
    assert names(("a", "b")) == '"a", "b"'
    assert any_of("r", (1, 2)) == '"r" = 1 OR "r" = 2'
