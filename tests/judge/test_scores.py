"""Holds judge/scores.py: Microsoft's points at and between its own, our E-model at known values, and thresholds at their edges."""

import pytest

from judge.knowledge.assessment import ThresholdId
from judge.knowledge.loader import load_knowledge
from judge.scores import MediaSample, affected, check, figure, opinion, points_of, quantile, rating, score, teams_score, weighted

ASSESSMENT = load_knowledge().assessment


@pytest.mark.parametrize(
    ("tcp_ms", "points"),
    [(0, 100), (10, 100), (17.5, 90), (25, 80), (62.5, 70), (100, 60), (150, 50), (200, 40), (300, 20), (325, 10), (350, 0), (900, 0)],
)
def test_exchange_points(tcp_ms: float, points: float) -> None:
    """Exchange: 10 ms is 100, 25 is 80, 100 is 60, 200 is 40, 300 is 20, 350 is 0, straight lines between, flat outside."""
    assert points_of(tcp_ms, ASSESSMENT.curves["Exchange"]) == points


@pytest.mark.parametrize(
    ("mb_per_s", "points"), [(0, 0), (1, 10), (2, 20), (3, 30), (4, 40), (8, 60), (11, 70), (14, 80), (17, 90), (20, 100), (90, 100)]
)
def test_sharepoint_points(mb_per_s: float, points: float) -> None:
    """SharePoint: 20 MB/s is 100, 14 is 80, 8 is 60, 4 is 40, 2 is 20, 0 is 0, straight lines between."""
    assert points_of(mb_per_s, ASSESSMENT.curves["SharePoint"]) == points


def test_which_sample_counts() -> None:
    """Exchange takes the median, SharePoint the 25th percentile, each by rank floor(q(n-1)), whatever the order."""
    values = [float(one) for one in range(100, 0, -1)]
    assert (quantile(values, 0.5), quantile(values, 0.25), quantile([7.0], 0.99)) == (50, 25, 7)
    assert score("Exchange", values, ASSESSMENT).value == 50
    assert score("SharePoint", values, ASSESSMENT).value == 25
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_enough_samples() -> None:
    """A figure needs 24 samples: 23 give none and say so, and a single check says itself that one is enough for it."""
    few = score("Exchange", [20.0] * 23, ASSESSMENT)
    assert (few.points, few.value, few.samples) == (None, None, 23)
    assert few.text == "Not enough samples for Exchange: 23 of 24."
    assert score("Exchange", [20.0] * 24, ASSESSMENT).points == 86.7
    assert score("Exchange", [20.0], ASSESSMENT, minimum=1).points == 86.7
    assert score("Exchange", [], ASSESSMENT, minimum=0).points is None
    assert figure([1.0] * 23, 0.5, ASSESSMENT) is None
    assert figure([1.0] * 24, 0.5, ASSESSMENT) == 1.0


@pytest.mark.parametrize(
    ("sample", "r"),
    [
        (MediaSample(0, 0, 0), 92.6),  # 25 ms of codec
        (MediaSample(100, 0, 0), 91.4),
        (MediaSample(304.6, 0, 0), 88.9),  # 177.3 ms in all: the last before the second slope
        (MediaSample(404.6, 0, 0), 82.2),
        (MediaSample(100, 30, 0), 90.0),
        (MediaSample(100, 30, 1), 86.3),
        (MediaSample(20, 5, 10), 65.1),
        (MediaSample(2000, 500, 90), 0.0),
    ],
)
def test_rating(sample: MediaSample, r: float) -> None:
    """R falls by 0.024 a millisecond, by 0.134 beyond 177.3 ms, and by 95 loss / (loss + 25.1)."""
    assert rating(sample, ASSESSMENT.emodel) == pytest.approx(r, abs=0.05)


def test_opinion_of_the_standard() -> None:
    """MOS of R = 50, 60, 70, 80, 90 is what G.107's annex prints, to its last digit."""
    model = ASSESSMENT.emodel
    printed = {90: 4.34, 80: 4.03, 70: 3.60, 60: 3.10, 50: 2.58}
    for r, mos in printed.items():
        assert opinion(MediaSample(0, 0, 0), model.model_copy(update={"r0": r + 0.6})) == pytest.approx(mos, abs=0.011)
    assert opinion(MediaSample(9000, 900, 99), model) == 1.0


def test_teams_is_ours() -> None:
    """Teams' score says that it is ours; a good path is above 87.5, a bad one below 50, all of Microsoft's limits at once are 80."""
    good = teams_score([MediaSample(20, 2, 0)] * 24, ASSESSMENT)
    edge = teams_score([MediaSample(100, 30, 1)] * 24, ASSESSMENT)
    bad = teams_score([MediaSample(400, 60, 5)] * 24, ASSESSMENT)
    assert good.points is not None
    assert edge.points is not None
    assert bad.points is not None
    assert good.points > 87.5
    assert edge.points == 80
    assert bad.points < 50
    assert good.by == "ours"
    assert "our own score, not Microsoft's" in good.text
    assert "Microsoft's score" in score("Exchange", [20.0] * 24, ASSESSMENT).text
    assert teams_score([], ASSESSMENT).points is None
    assert teams_score([MediaSample(20, 2, 0)] * 3, ASSESSMENT).points is None


def test_one_bad_train_does_not_decide() -> None:
    """Medians come first: a third of the trains lost leaves the score as it was."""
    calm, storm = [MediaSample(20, 2, 0)] * 20, [MediaSample(500, 90, 30)] * 10
    assert teams_score(calm + storm, ASSESSMENT).points == teams_score(calm + calm, ASSESSMENT).points


def test_affected() -> None:
    """Half the samples under 60 (Exchange) or 40 (SharePoint) is Microsoft's insight; just less is not."""
    reached = affected("Exchange", [20.0] * 12 + [120.0] * 12, ASSESSMENT)
    missed = affected("Exchange", [20.0] * 13 + [120.0] * 12, ASSESSMENT)
    assert reached is not None
    assert missed is not None
    assert (reached.percent, reached.reached, missed.percent, missed.reached) == (50.0, True, 48.0, False)
    assert affected("Exchange", [100.0] * 5, ASSESSMENT) == affected("Exchange", [1.0] * 5, ASSESSMENT)  # 60 points are not under 60
    slow = affected("SharePoint", [3.9, 4.0], ASSESSMENT)
    assert slow is not None
    assert slow.percent == 50.0
    assert affected("Exchange", [], ASSESSMENT) is None


def test_weighted() -> None:
    """A tenant's score is its locations' by weight; a location without a score has no say."""
    high, low = score("Exchange", [10.0] * 24, ASSESSMENT), score("Exchange", [100.0] * 24, ASSESSMENT)
    none = score("Exchange", [10.0], ASSESSMENT)
    assert weighted([(high, 3), (low, 1), (none, 50)]) == 90.0
    assert weighted([(none, 1)]) is None
    assert weighted([(high, 0)]) is None


@pytest.mark.parametrize(
    ("threshold", "passing", "failing"),
    [
        ("egress_km", 800, 800.1),
        ("copilot_ms", 250, 251),
        ("dns_ms", 99.9, 100),
        ("media_loss_percent", 0.99, 1.0),
        ("media_rtt_ms", 99.9, 100),
        ("media_jitter_ms", 29.9, 30),
        ("buffer_bloat_ms", 99.9, 100),
        ("download_mb_per_s", 1.0, 0.99),
        ("location_share_percent", 29.9, 30),
        ("neighbours_percent", 10, 10.1),
    ],
)
def test_edges(threshold: ThresholdId, passing: float, failing: float) -> None:
    """A threshold fails above, from or below its limit, as its document words it; without a figure it says nothing."""
    assert check(threshold, passing, ASSESSMENT).passed is True
    assert check(threshold, failing, ASSESSMENT).passed is False
    nothing = check(threshold, None, ASSESSMENT)
    assert nothing.passed is None
    assert nothing.by == "Microsoft"
