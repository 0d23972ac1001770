"""Telemetry: what the collector says of itself, in closed words, and once for each change."""

from dataclasses import dataclass
from typing import Any, cast, get_args

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from server.collector.pipeline import Outcome
from server.collector.telemetry import CONDITIONS, NEED_A_PERSON, OUTCOMES, Telemetry
from server.history.port import Condition
from tests.fakes.judge import FakeJudge
from tests.fakes.loop import FakeLog


@dataclass
class Told:
    """A telemetry with its registry and log."""

    registry: CollectorRegistry
    log: FakeLog
    telemetry: Telemetry

    def shows(self, name: str, **labels: str) -> float | None:
        """Return one sample of /metrics."""
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
def told() -> Told:
    """Give a fresh telemetry."""
    registry, log = CollectorRegistry(), FakeLog()
    return Told(registry, log, Telemetry(registry, log))


def test_every_outcome_and_condition_is_there_from_the_start(told: Told) -> None:
    """A chart of a healthy system shows zeros, not gaps; conditions of the history port are all known, and `state` and `ok` beside."""
    assert {told.shows("middlewatch_reports_total", outcome=name) for name in OUTCOMES} == {0.0}
    assert {name for name in CONDITIONS if told.shows("middlewatch_history_condition", condition=name)} == {"ok"}
    assert set(CONDITIONS) == {*get_args(Condition), "ok", "state"}
    assert set(CONDITIONS) > NEED_A_PERSON


def test_a_batch_is_counted(told: Told) -> None:
    """Reports by outcome, points, raw observations, refused points by reason."""
    outcome = Outcome(counts={"stored": 3, "forked": 1}, points=75, raw=2, rejected={"conflict": 4})
    told.telemetry.done(outcome, 4)
    told.telemetry.done(outcome, 4)
    assert told.shows("middlewatch_reports_total", outcome="stored") == 6
    assert told.shows("middlewatch_points_stored_total") == 150
    assert told.shows("middlewatch_observations_raw_total") == 4
    assert told.shows("middlewatch_points_rejected_total", reason="conflict") == 8
    assert told.shows("middlewatch_batch_reports_count") == 2


def test_what_is_lost_or_strange_is_said(told: Told) -> None:
    """Refused points are an error; poison and clones are warnings; a plain batch is silent."""
    told.telemetry.done(Outcome(counts={"stored": 3}), 3)
    assert told.log.lines == []
    told.telemetry.done(Outcome(counts={"quarantined": 1, "forked": 2}, rejected={"expired": 4}), 3)
    assert told.log.events() == [("error", "points_rejected"), ("warning", "reports_quarantined"), ("warning", "reports_forked")]


def test_a_condition_is_one_line_a_change_and_one_gauge(told: Told) -> None:
    """Exactly one gauge is 1; what needs a person is an error; recovery says after what."""
    for condition in ("away", "away", "refused"):
        told.telemetry.unavailable(condition, f"sentence of {condition}")
        assert [name for name in CONDITIONS if told.shows("middlewatch_history_condition", condition=name)] == [condition]
        assert told.telemetry.condition_sentence == f"sentence of {condition}"
    told.telemetry.available()
    told.telemetry.available()
    assert told.log.events() == [("warning", "history_unavailable"), ("error", "history_unavailable"), ("warning", "history_available")]
    assert (told.log.lines[-1][2], told.telemetry.condition_sentence) == ({"after": "refused"}, "")


def test_shedding_is_said_once_until_there_was_room(told: Told) -> None:
    """A thousand sheds are one line; after the queue was empty the next one is said again."""
    for _ in range(1000):
        told.telemetry.shed("topic")
    told.telemetry.room()
    told.telemetry.shed("topic")
    assert told.log.events() == [("warning", "reports_shed")] * 2
    assert told.shows("middlewatch_reports_total", outcome="shed") == 1001


def test_gauges_show_the_moment_somebody_looks(told: Told) -> None:
    """Queue and memo are read when /metrics is, so that they are true also while nothing moves."""
    waiting, judge = [1], FakeJudge()
    told.telemetry.watch_queue(lambda: waiting[0], lambda: waiting[0] * 10)
    told.telemetry.watch_judge(cast("Any", judge))
    waiting[0], judge.memo_hits, judge.memo_misses = 7, 3, 2
    assert (told.shows("middlewatch_queue_reports"), told.shows("middlewatch_queue_bytes")) == (7, 70)
    assert (told.shows("middlewatch_judge_memo", result="hit"), told.shows("middlewatch_judge_memo", result="miss")) == (3, 2)


def test_drops_of_the_quarantine_are_counted_and_an_error(told: Told) -> None:
    """Bytes that could have been replayed are gone: somebody must know."""
    told.telemetry.quarantine_dropped(0)
    told.telemetry.quarantine_dropped(5)
    assert told.shows("middlewatch_quarantine_dropped_total") == 5
    assert told.log.events() == [("error", "quarantine_dropped")]


def test_our_fault_is_an_error_without_the_reports_bytes(told: Told) -> None:
    """Topic, error and traceback; a long message is cut."""
    told.telemetry.our_fault("topic", ValueError("x" * 5000))
    ((level, _, values),) = told.log.lines
    assert (level, values["topic"], len(values["error"])) == ("error", "topic", 200)


def test_every_name_is_ours(told: Told) -> None:
    """`middlewatch_<noun>_<unit>`, and a help text for each."""
    for line in generate_latest(told.registry).decode().splitlines():
        assert line.startswith(("# HELP middlewatch_", "# TYPE middlewatch_", "middlewatch_"))
