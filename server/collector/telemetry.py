"""What the collector says of itself: one line of code elsewhere is one counter and, on a change, one log line here.

Names follow `middlewatch_<noun>_<unit>`. Reasons and conditions are closed words, because they become labels. Warn: nothing
was lost. Error: something was lost or a person must act.
"""

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from judge.judgement import Judge
from server.collector.pipeline import Outcome

CONDITIONS = ("ok", "away", "slow", "busy", "refused", "missing_bucket", "state")
OUTCOMES = ("stored", "duplicate", "quarantined", "held", "wanted", "forked", "foreign", "still_poison", "shed")
NEED_A_PERSON = {"refused", "missing_bucket"}
"""Conditions that do not mend themselves."""


class Telemetry:
    """Counters of one collector process, and its log."""

    def __init__(self, registry: CollectorRegistry, log: Any) -> None:  # noqa: ANN401 - structlog's bound logger has no useful type
        self.log = log
        self.condition = "ok"
        self.condition_sentence = ""
        self._full = False
        self.reports = Counter("middlewatch_reports", "Reports by what became of them", ["outcome"], registry=registry)
        self.points = Counter("middlewatch_points_stored", "Points stored in the history", registry=registry)
        self.rejected = Counter("middlewatch_points_rejected", "Points the history will never take", ["reason"], registry=registry)
        self.raw = Counter("middlewatch_observations_raw", "Observations of kinds this version does not know, kept raw", registry=registry)
        self.dropped = Counter("middlewatch_quarantine_dropped", "Things dropped from quarantine, too old or too many", registry=registry)
        self.batch = Histogram(
            "middlewatch_batch_reports", "Reports a batch", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500), registry=registry
        )
        self.queue = Gauge("middlewatch_queue_reports", "Reports waiting in memory", registry=registry)
        self.queue_bytes = Gauge("middlewatch_queue_bytes", "Bytes waiting in memory", registry=registry)
        self.memo = Gauge("middlewatch_judge_memo", "Judgements from memory and made anew", ["result"], registry=registry)
        self.state = Gauge("middlewatch_history_condition", "1 for the condition the history is in", ["condition"], registry=registry)
        self.broker = Gauge("middlewatch_broker_connected", "1 while connected to the broker", registry=registry)
        for name in OUTCOMES:
            self.reports.labels(name)
        self._show("ok")

    def done(self, outcome: Outcome, size: int) -> None:
        """Count a processed batch."""
        self.batch.observe(size)
        for name, count in outcome.counts.items():
            self.reports.labels(name).inc(count)
        self.points.inc(outcome.points)
        self.raw.inc(outcome.raw)
        for reason, count in outcome.rejected.items():
            self.rejected.labels(reason).inc(count)
            self.log.error("points_rejected", reason=reason, points=count, remedy="middlewatch-server quarantine list")
        if outcome.counts.get("quarantined"):
            self.log.warning("reports_quarantined", reports=outcome.counts["quarantined"], remedy="middlewatch-server quarantine list")
        if outcome.counts.get("forked"):
            self.log.warning(
                "reports_forked", reports=outcome.counts["forked"], meaning="two spools use one stream; the copy is told to reset"
            )

    def watch_judge(self, judge: Judge) -> None:
        """Show how often the judge's memo hits."""
        self.memo.labels("hit").set_function(lambda: float(judge.memo_hits))
        self.memo.labels("miss").set_function(lambda: float(judge.memo_misses))

    def watch_queue(self, reports: Callable[[], int], size: Callable[[], int]) -> None:
        """Show the queue as it is when somebody looks."""
        self.queue.set_function(lambda: float(reports()))
        self.queue_bytes.set_function(lambda: float(size()))

    def room(self) -> None:
        """Note that the queue is empty again."""
        self._full = False

    def shed(self, topic: str) -> None:
        """Count a report that found the queue full; its agent keeps it and sends it again."""
        if not self._full:
            self._full = True
            self.log.warning("reports_shed", topic=topic, meaning="the queue is full; agents keep their reports and send them again")
        self.reports.labels("shed").inc()

    def unavailable(self, condition: str, sentence: str) -> None:
        """Note that nothing can be stored now; log the change, not the cycle."""
        if condition == self.condition:
            return
        self.condition, self.condition_sentence = condition, sentence
        self._show(condition)
        level = self.log.error if condition in NEED_A_PERSON else self.log.warning
        level("history_unavailable", condition=condition, sentence=sentence, meaning="nothing is lost: agents keep what is not receipted")

    def available(self) -> None:
        """Note that storing works."""
        if self.condition != "ok":
            self.log.warning("history_available", after=self.condition)
            self.condition, self.condition_sentence = "ok", ""
            self._show("ok")

    def quarantine_dropped(self, things: int) -> None:
        """Count what the quarantine's bounds cost."""
        if things:
            self.dropped.inc(things)
            self.log.error("quarantine_dropped", things=things, meaning="over 1 GiB or 7 days; their bytes are gone")

    def our_fault(self, topic: str, error: Exception) -> None:
        """Tell of a report our own code could not digest; its bytes are in quarantine, or with its agent."""
        self.log.error("report_broke_the_collector", topic=topic, error=f"{type(error).__name__}: {error}"[:200], exc_info=error)

    def _show(self, condition: str) -> None:
        for name in CONDITIONS:
            self.state.labels(name).set(1.0 if name == condition else 0.0)
