"""Holds judge/signals/reach.py: every failure has words, and the control target decides whom it is about."""

import pytest

from judge.signals.reach import signal
from tests.fakes.examined import Round, leaf
from wire.vocabulary import FAILURES, STAGES, Failure, Stage

HOST, TEAMS, CONTROL = "outlook.office365.com", "teams.microsoft.com", "www.gstatic.com"


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_at_every_stage_has_words(failure: Failure, stage: Stage) -> None:
    """Each failure at each stage gives one piece of evidence, without weight, in words."""
    [(_, evidence)] = Round().failure(HOST, failure, stage).evidence(signal)
    assert evidence.signal.endswith("_failure")
    assert evidence.weight == 0
    assert evidence.text.endswith(".")


def test_success_says_nothing() -> None:
    """What was reached needs no evidence."""
    assert Round().chain(leaf(HOST)).failure(HOST, None, dns=True).evidence(signal) == []


def test_control_answered() -> None:
    """A failure while the control answers is about that host or the way to it."""
    made = Round().failure(HOST, "refused").chain(leaf(CONTROL))
    assert made.names(signal) == [(0, "connect_failure"), (0, "control_answered")]


def test_everything_failed() -> None:
    """When all fail, the control too, it is this side's link, and every Microsoft host says so."""
    made = Round().failure(HOST, "timeout").failure(TEAMS, "unreachable").failure(CONTROL, "timeout")
    assert made.names(signal) == [
        (0, "connect_failure"),
        (0, "all_failed"),
        (1, "connect_failure"),
        (1, "all_failed"),
        (2, "connect_failure"),
    ]


def test_control_failed_while_others_answer() -> None:
    """When the control fails with one host and others answer, nothing is said of everything."""
    made = Round().failure(HOST, "refused").failure(CONTROL, "refused").chain(leaf(TEAMS))
    assert made.names(signal) == [(0, "connect_failure"), (0, "control_failed"), (1, "connect_failure")]


def test_probes_are_compared_with_their_like() -> None:
    """A failed look-up is compared with the control's look-up, not with its connection; a missing stage is the probe's first."""
    made = Round().failure(HOST, "dns_servfail", None, dns=True).failure(CONTROL, None, dns=True).failure(CONTROL, "timeout")
    assert made.names(signal) == [(0, "dns_failure"), (0, "control_answered"), (2, "connect_failure")]


def test_late_agent() -> None:
    """A time limit that passed while the agent itself was late proves nothing; a refusal does all the same."""
    assert Round().failure(HOST, "timeout", suspect=True).names(signal) == [(0, "late_agent")]
    assert Round().failure(HOST, "refused", suspect=True).names(signal) == [(0, "connect_failure")]
