"""Rows about Teams media: thresholds at the edge, silence that proves nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from judge.connectivity.look import Look
from judge.connectivity.row import Row
from judge.connectivity.voice import jitter, latency, loss, media
from tests.fakes.looks import finding, look, relay

RELAY = "worldaz.tr.teams.microsoft.com"


def test_all_ports_answer() -> None:
    """3478 to 3481 pass; one that is silent asks for attention and is named."""
    ports = [relay(port) for port in range(3478, 3482)]
    assert media(look(*ports)).state == "pass"
    row = media(look(*ports[:3], relay(3481, ephemeral="", audio="")))
    assert (row.state, row.details) == ("attention", ("UDP 3481: no answer",))


def test_silence_alone_proves_nothing() -> None:
    """No answer at all is information, until the judge has proven a block; without a relay in the plan it is not measured."""
    silent = relay(ephemeral="", audio="")
    assert media(look(silent)).state == "information"
    assert media(look(silent, findings=[finding(RELAY, "blocked", protocol="turn", port=3478)])).state == "attention"
    assert media(look()).state == "unmeasured"


def test_source_ports_may_be_treated_differently() -> None:
    """An answer to one kind of source port only is told."""
    assert "an ephemeral source port only" in media(look(relay(audio=""))).details[0]


@pytest.mark.parametrize(
    ("row", "name", "fine", "bad"),
    [(loss, "loss_percent", 0.99, 1.0), (latency, "rtt_ms", 99.0, 100.0), (jitter, "jitter_ms", 29.0, 30.0)],
)
def test_thresholds_are_microsofts(row: Callable[[Look], Row], name: str, fine: float, bad: float) -> None:
    """Exactly at the limit asks for attention, just below passes, without an answer it is not measured; the count of requests is told."""
    trains: list[dict[str, Any]] = [{name: value, "sent": 20} for value in (fine, bad)]
    assert [row(look(relay(**train))).state for train in trains] == ["pass", "attention"]
    assert "20 requests to the relay's control plane" in row(look(relay(**trains[0]))).value
    assert row(look(relay(ephemeral="", audio="", **trains[1]))).state == "unmeasured"
