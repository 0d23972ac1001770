"""Holds judge/knowledge/assessment.py: Microsoft's numbers are Microsoft's, ours are said to be ours, and a crooked curve is refused."""

import pytest
from pydantic import ValidationError

from judge.knowledge.assessment import Curve
from judge.knowledge.loader import load_knowledge

ASSESSMENT = load_knowledge().assessment


def test_documented_numbers() -> None:
    """The limits are those Microsoft documents."""
    limits = {one.id: (one.value, one.fails) for one in ASSESSMENT.thresholds.values() if one.by == "Microsoft"}
    assert limits["egress_km"] == limits["proxy_km"] == limits["resolver_km"] == (800, "above")
    assert limits["copilot_ms"] == (250, "above")
    assert (limits["media_loss_percent"], limits["media_rtt_ms"], limits["media_jitter_ms"]) == ((1, "from"), (100, "from"), (30, "from"))
    assert limits["buffer_bloat_ms"] == (100, "from")
    assert limits["download_mb_per_s"] == (1, "below")
    assert "fibre_ms_per_100km" not in limits


def test_whose_curve() -> None:
    """Exchange and SharePoint are Microsoft's, Teams is ours and nowhere called otherwise."""
    assert {workload: one.by for workload, one in ASSESSMENT.curves.items()} == {
        "Exchange": "Microsoft",
        "SharePoint": "Microsoft",
        "Teams": "ours",
    }
    assert ASSESSMENT.emodel.by == "ours"


@pytest.mark.parametrize(
    ("points", "words"),
    [(100, "best"), (99.9, "meets the recommendations"), (60, "acceptable"), (59.9, "users may notice"), (0, "constant trouble")],
)
def test_meaning(points: float, words: str) -> None:
    """Points mean what Microsoft says from so many on, and a tenth less means the next."""
    assert ASSESSMENT.meaning(points) == words


def test_a_curve_must_rise() -> None:
    """Values out of order, points over 100 and a single point are refused."""
    plain = ASSESSMENT.curves["Exchange"].model_dump()
    for points in ([(25, 80), (10, 100)], [(10, 100), (10, 80)], [(10, 101), (25, 80)], [(10, 100)]):
        with pytest.raises(ValidationError):
            Curve.model_validate(plain | {"points": points})
