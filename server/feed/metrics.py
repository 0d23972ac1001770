"""The endpoint lists in use, for Prometheus: how old each is and how often asking failed. Computed when it is asked for."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from judge.knowledge.endpoints import Instance
from server.feed.standing import standing
from server.state.feed import FeedRow


class ListMetrics(Collector):
    """`lists` gives the version in use by instance, `heads` the feed's rows, `now` Unix nanoseconds."""

    def __init__(
        self,
        instances: tuple[Instance, ...],
        lists: Callable[[], Mapping[Instance, str]],
        heads: Callable[[], Mapping[str, FeedRow]],
        now: Callable[[], int],
    ) -> None:
        self._instances = instances
        self._lists = lists
        self._heads = heads
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give both gauges, a sample for each instance; `source` is service or shipped."""
        text = "Since the list in use was confirmed by Microsoft's service, or since a shipped one was made."
        age = GaugeMetricFamily("middlewatch_endpoint_list_age_seconds", text, labels=["instance", "source"])
        text = "Tries in a row that brought no answer to be used."
        failures = GaugeMetricFamily("middlewatch_endpoint_list_failures", text, labels=["instance"])
        lists, heads = self._lists(), self._heads()
        for instance in self._instances:
            one = standing(instance, lists[instance], heads.get(instance), self._now())
            age.add_metric([instance, one.source], one.age_ns / 1e9)
            failures.add_metric([instance], one.failures)
        yield age
        yield failures
