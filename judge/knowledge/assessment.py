"""Thresholds, score curves and the E-model's constants as rows, each with whose it is: Microsoft's or ours. `judge/scores.py` computes."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, field_validator

from judge.knowledge.positions import By
from judge.knowledge.row import Name, Row
from wire.vocabulary import Workload

ThresholdId = Literal[
    "egress_km",
    "proxy_km",
    "resolver_km",
    "backhaul_ms",
    "fibre_ms_per_100km",
    "dns_ms",
    "copilot_ms",
    "media_loss_percent",
    "media_rtt_ms",
    "media_jitter_ms",
    "media_burst_loss_percent",
    "media_reordering_percent",
    "buffer_bloat_ms",
    "download_mb_per_s",
    "neighbours_percent",
    "location_share_percent",
    "exchange_affected_percent",
    "sharepoint_affected_percent",
    "exchange_affected_points",
    "sharepoint_affected_points",
    "samples",
    "mss_bytes",
]
Points = Annotated[float, Field(ge=0, le=100)]


class Threshold(Row):
    """One limit. `fails`: above it, from it on, or below it."""

    id: ThresholdId
    what: Name
    value: float
    unit: Name
    fails: Literal["above", "from", "below"]
    by: By


class Curve(Row):
    """One workload's score: the samples' value at `quantile`, then straight lines between (value, points), flat outside."""

    workload: Workload
    measure: Name
    unit: Name
    quantile: Annotated[float, Field(ge=0, le=1)]
    points: Annotated[tuple[tuple[float, Points], ...], Field(min_length=2)]
    by: By

    @field_validator("points")
    @classmethod
    def _rising(cls, value: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        values = [one for one, _ in value]
        if values != sorted(set(values)):
            raise ValueError("the values must rise from point to point")
        return value


class EModel(Row):
    """Constants of the reduced E-model; names as in `docs/scores.md`."""

    r0: float
    delay_per_ms: float
    late_per_ms: float
    late_from_ms: float
    ie: float
    bpl: Annotated[float, Field(gt=0)]
    burst: Annotated[float, Field(ge=1)]
    codec_ms: Annotated[float, Field(ge=0)]
    buffer_jitters: Annotated[float, Field(ge=0)]
    by: Literal["ours"]


class Meaning(Row):
    """What a score means from so many points on."""

    points: Points
    words: Name
    by: By


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that figures are measured against. `meanings` from the most points down."""

    thresholds: dict[ThresholdId, Threshold]
    curves: dict[Workload, Curve]
    emodel: EModel
    meanings: tuple[Meaning, ...]

    def limit(self, threshold: ThresholdId) -> float:
        """Return the value of a threshold."""
        return self.thresholds[threshold].value

    def meaning(self, points: float) -> str:
        """Return what so many points mean."""
        return next((one.words for one in self.meanings if points >= one.points), self.meanings[-1].words)
