"""Scores from series of three days: which samples count, when there are enough, and what is read again."""

from server.watcher.scoring import STEP_NS, WINDOW_NS, Kept, scores_of, span
from tests.fakes.examined import KNOWLEDGE
from tests.fakes.sightings import HOUR, START

NOW = START // STEP_NS * STEP_NS


def kept(count: int, **values: float) -> Kept:
    """Return so many samples of each series, one of each five minutes."""
    found = Kept()
    for name, value in values.items():
        found.take(name, [(NOW - at * STEP_NS, value) for at in range(count)], NOW)
    return found


def test_the_scores_are_microsofts() -> None:
    """25 ms to the front door are 80 points, 8 MB/s (64 Mbit/s) are 60; Teams' is ours and says so."""
    scores = scores_of(kept(24, connect_ms=25.0, throughput_mbps=64.0, rtt_ms=40.0, jitter_ms=5.0, loss_percent=0.0), KNOWLEDGE.assessment)
    assert {name: one.points for name, one in scores.items()}["exchange"] == 80
    assert {name: one.points for name, one in scores.items()}["sharepoint"] == 60
    assert scores["teams"].points is not None
    assert [scores[name].by for name in ("exchange", "teams")] == ["Microsoft", "ours"]


def test_fewer_than_24_samples_are_no_score() -> None:
    """23 are too few, and none at all are too."""
    few = scores_of(kept(23, connect_ms=25.0), KNOWLEDGE.assessment)
    assert [one.points for one in few.values()] == [None, None, None]


def test_a_train_counts_whole() -> None:
    """A step without jitter or loss is no train."""
    half = kept(30, rtt_ms=40.0, jitter_ms=5.0)
    half.take("loss_percent", [(NOW, 0.0)], NOW)
    assert scores_of(half, KNOWLEDGE.assessment)["teams"].samples == 1


def test_the_window_moves() -> None:
    """What is older than three days goes; gaps are no samples; a later reading replaces what was read before."""
    found = Kept()
    found.take("connect_ms", [(NOW, 1.0), (NOW + STEP_NS, None)], NOW)
    found.take("connect_ms", [(NOW, 2.0)], NOW)
    assert found.values["connect_ms"] == {NOW: 2.0}
    found.take("connect_ms", [], NOW + WINDOW_NS + 1)
    assert found.values["connect_ms"] == {}


def test_what_is_read() -> None:
    """All of it at first, then what may have come late: two hours more than since the last reading."""
    assert span(Kept(), NOW + 1) == (NOW - WINDOW_NS, NOW)
    assert span(Kept(until_ns=NOW - HOUR), NOW) == (NOW - 3 * HOUR, NOW)
    assert span(Kept(until_ns=NOW - 2 * WINDOW_NS), NOW) == (NOW - WINDOW_NS, NOW)
