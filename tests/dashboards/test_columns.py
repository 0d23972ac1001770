"""What both dashboards share: newest states, families, phases and percentiles."""

from dashboards import columns
from dashboards.states import FAMILIES
from wire.observation import WebObservation


def test_phases_are_those_of_the_web_probe() -> None:
    """Each phase has a field, a colour and a place in the stack; the total, the server's part of one, and a download's are none of them."""
    others = {"total_ms", "unaccounted_ms", "server_ms", "bloat_ms"}
    fields = [name for name in WebObservation.model_fields if name.endswith("_ms") and name not in others]
    assert [f"{name}_ms" for name in columns.PHASES] == fields
    assert [column.name for column in columns.phase_columns()] == fields
    assert len({column.colour for column in columns.phase_columns()}) == len(fields)
    assert all(f'mean("{name}")' in columns.phase_means() for name in fields)


def test_an_agent_is_counted_once_and_each_state_by_its_newest_point() -> None:
    """By agent alone, not by site."""
    assert columns.newest_agents("w").endswith('WHERE $timeFilter AND w GROUP BY "agent"')
    assert [query.alias for query in columns.agents_by_state()] == ["● reporting", "◔ late", "⋯ silent"]


def test_a_family_asks_for_its_ranks_only() -> None:
    """So each site is in exactly one layer of the map."""
    assert '"rank" = 11 OR "rank" = 6' in columns.of_family(FAMILIES[0], ("lat", "lon"))
    assert columns.newest_sites(("lat",)).startswith('SELECT last("rank") AS "rank", "lat" FROM "site_state"')


def test_percentiles_are_of_raw_samples() -> None:
    """Three, of the total, never an average of any."""
    assert (
        columns.percentiles()
        == 'percentile("total_ms", 50) AS "p50", percentile("total_ms", 95) AS "p95", percentile("total_ms", 99) AS "p99"'
    )
    assert [column.name for column in columns.percentile_columns()] == ["p50", "p95", "p99"]
