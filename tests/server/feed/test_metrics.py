"""What Prometheus reads of the lists: age by source, and failures."""

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from judge.knowledge.endpoints import Instance
from server.feed.metrics import ListMetrics
from server.state.feed import FeedRow

NOW = int(datetime(2026, 8, 15, tzinfo=UTC).timestamp()) * 10**9


def test_age_and_failures() -> None:
    """A shipped list is as old as its day, the service's as its confirmation; it follows what is in use."""
    lists: dict[Instance, str] = {"Worldwide": "2026081400", "China": "2026080100"}
    heads = {"China": FeedRow("China", "guid", "2026080100", checked_ns=NOW - 60 * 10**9, failures=2)}
    registry = CollectorRegistry()
    registry.register(ListMetrics(("Worldwide", "China"), lambda: lists, lambda: heads, lambda: NOW))
    age, failures = "middlewatch_endpoint_list_age_seconds", "middlewatch_endpoint_list_failures"
    assert registry.get_sample_value(age, {"instance": "Worldwide", "source": "shipped"}) == 86_400
    assert registry.get_sample_value(age, {"instance": "China", "source": "service"}) == 60
    assert registry.get_sample_value(failures, {"instance": "Worldwide"}) == 0
    assert registry.get_sample_value(failures, {"instance": "China"}) == 2
    lists["China"] = "2026081400"
    assert registry.get_sample_value(age, {"instance": "China", "source": "shipped"}) == 86_400
