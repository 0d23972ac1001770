"""Microsoft's assessment scores and thresholds over lists of samples, and our own score for Teams. Pure arithmetic.

Exchange and SharePoint are computed as Microsoft documents them; Teams' mapping is not published, so an E-model (ITU-T G.107, reduced)
stands in and is labelled as ours wherever it goes. Constants are data (`judge/knowledge/data/assessment.toml`), `docs/scores.md` explains.
The same functions serve a target, an agent, a site: what differs is which samples go in. A percentile is the value at rank floor(q(n-1)).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor

from judge.knowledge.assessment import Assessment, Curve, EModel, ThresholdId
from judge.knowledge.positions import By
from wire.vocabulary import Workload


@dataclass(frozen=True, slots=True)
class MediaSample:
    """One train to the media relay: round trip and jitter in milliseconds, loss in percent."""

    rtt_ms: float
    jitter_ms: float
    loss_percent: float


@dataclass(frozen=True, slots=True)
class Score:
    """Points 0 to 100 of one workload, or None when there are not enough samples; `text` says which, and whose score it is."""

    workload: Workload
    points: float | None
    value: float | None
    unit: str
    samples: int
    by: By
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """One figure against one threshold. `passed` is None when there is no figure."""

    threshold: ThresholdId
    value: float | None
    limit: float
    unit: str
    passed: bool | None
    by: By
    what: str


@dataclass(frozen=True, slots=True)
class Affected:
    """Which share of single samples scores too low, in percent, and whether that is the share Microsoft's insight starts from."""

    percent: float
    samples: int
    reached: bool


def quantile(values: Sequence[float], q: float) -> float:
    """Return the value at rank floor(q(n-1)). Raises ValueError for no values."""
    if not values:
        raise ValueError("no values have no quantile")
    return sorted(values)[floor(q * (len(values) - 1))]


def figure(values: Sequence[float], q: float, assessment: Assessment) -> float | None:
    """Return the percentile to be shown, None when there are fewer samples than a figure needs (24)."""
    return quantile(values, q) if len(values) >= assessment.limit("samples") else None


def points_of(value: float, curve: Curve) -> float:
    """Return the points of one value: straight lines between the curve's points, flat outside, rounded to a tenth."""
    first, last = curve.points[0], curve.points[-1]
    if value <= first[0]:
        return first[1]
    if value >= last[0]:
        return last[1]
    for (left, left_points), (right, right_points) in zip(curve.points, curve.points[1:], strict=False):
        if value <= right:
            return round(left_points + (value - left) * (right_points - left_points) / (right - left), 1)
    return last[1]


def score(workload: Workload, values: Sequence[float], assessment: Assessment, minimum: int | None = None) -> Score:
    """Return the score of Exchange (TCP latency, ms) or SharePoint (download, MB/s), or of Teams from opinion scores.

    `minimum` replaces the 24 samples a figure needs: a single check passes 1 and says that it is one. Raises KeyError for other workloads.
    """
    curve = assessment.curves[workload]
    needed = int(assessment.limit("samples")) if minimum is None else minimum
    label = "Microsoft's score" if curve.by == "Microsoft" else "our own score, not Microsoft's"
    if len(values) < max(needed, 1):
        text = f"Not enough samples for {workload}: {len(values)} of {max(needed, 1)}."
        return Score(workload, None, None, curve.unit, len(values), curve.by, text)
    value = quantile(values, curve.quantile)
    points = points_of(value, curve)
    text = f"{workload} {points:g} of 100, {assessment.meaning(points)} ({label}: {curve.measure} {value:.4g} {curve.unit})."
    return Score(workload, points, value, curve.unit, len(values), curve.by, text)


def teams_score(samples: Sequence[MediaSample], assessment: Assessment, minimum: int | None = None) -> Score:
    """Return our score of Teams: the median of each measure, then the E-model, then points. As Microsoft does, medians come first."""
    if not samples:
        return score("Teams", [], assessment, minimum)
    middle = MediaSample(
        quantile([one.rtt_ms for one in samples], 0.5),
        quantile([one.jitter_ms for one in samples], 0.5),
        quantile([one.loss_percent for one in samples], 0.5),
    )
    return score("Teams", [opinion(middle, assessment.emodel)] * len(samples), assessment, minimum)


def rating(sample: MediaSample, model: EModel) -> float:
    """Return R of the reduced E-model (ITU-T G.107), 0 to r0: delay and loss taken off the best there is."""
    delay_ms = sample.rtt_ms / 2 + model.buffer_jitters * sample.jitter_ms + model.codec_ms
    delay = model.delay_per_ms * delay_ms + model.late_per_ms * max(0.0, delay_ms - model.late_from_ms)
    loss = sample.loss_percent
    equipment = model.ie + (95 - model.ie) * loss / (loss / model.burst + model.bpl)  # 95: G.107, the most impairment there is
    return max(0.0, model.r0 - delay - equipment)


def opinion(sample: MediaSample, model: EModel) -> float:
    """Return the mean opinion score, 1 to 4.5 (G.107 annex B), rounded to a hundredth."""
    r = rating(sample, model)
    return round(max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6), 2)


def affected(workload: Workload, values: Iterable[float], assessment: Assessment) -> Affected | None:
    """Return how many single samples of Exchange or SharePoint score too low (Microsoft's insights); None without samples."""
    points, share = _AFFECTED[workload]
    scored = [points_of(value, assessment.curves[workload]) for value in values]
    if not scored:
        return None
    percent = round(100 * sum(one < assessment.limit(points) for one in scored) / len(scored), 1)
    return Affected(percent, len(scored), percent >= assessment.limit(share))


_AFFECTED: dict[Workload, tuple[ThresholdId, ThresholdId]] = {
    "Exchange": ("exchange_affected_points", "exchange_affected_percent"),
    "SharePoint": ("sharepoint_affected_points", "sharepoint_affected_percent"),
}


def weighted(scores: Iterable[tuple[Score, float]]) -> float | None:
    """Return the weighted average of scores that have points, rounded to a tenth: a tenant's from its locations'. None without any."""
    known = [(one.points, weight) for one, weight in scores if one.points is not None and weight > 0]
    total = sum(weight for _, weight in known)
    return round(sum(points * weight for points, weight in known) / total, 1) if total else None


def check(threshold: ThresholdId, value: float | None, assessment: Assessment) -> Check:
    """Return one figure against one threshold."""
    row = assessment.thresholds[threshold]
    passed: bool | None = None
    if value is not None:
        failed = {"above": value > row.value, "from": value >= row.value, "below": value < row.value}[row.fails]
        passed = not failed
    return Check(threshold, value, row.value, row.unit, passed, row.by, row.what)
