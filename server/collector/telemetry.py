"""What the collector says of itself: one line of code elsewhere is one counter and, on a change, one log line here.

Names follow `middlewatch_<noun>_<unit>`. Reasons and conditions are closed words, because they become labels. Warn: nothing
was lost. Error: something was lost or a person must act.
"""

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
        self.reports = Counter("middlewatch_reports", "Reports by what became of them", ["outcome"], registry=registry)
        self.points = Counter("middlewatch_points_stored", "Points stored in the history", registry=registry)
        self.rejected = Counter("middlewatch_points_rejected", "Points the history will never take", ["reason"], registry=registry)
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

    def waiting(self, reports: int, size: int) -> None:
        """Show the queue."""
        self.queue.set(reports)
        self.queue_bytes.set(size)

    def shed(self, topic: str) -> None:
        """Count a report that found the queue full; its agent keeps it and sends it again."""
        if not self.reports.labels("shed")._value.get():  # noqa: SLF001 - prometheus_client offers no other way to read a counter
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

    def our_fault(self, topic: str, error: Exception) -> None:
        """Tell of a report our own code could not digest; its bytes are in quarantine."""
        self.log.error("report_broke_the_collector", topic=topic, error=f"{type(error).__name__}: {error}"[:200], exc_info=error)

    def _show(self, condition: str) -> None:
        for name in CONDITIONS:
            self.state.labels(name).set(1.0 if name == condition else 0.0)
