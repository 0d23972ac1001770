"""Distances by great circle and by the speed of light."""

import pytest

from judge.distance import great_circle_km, rtt_bound_km, rtt_floor_ms


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((50.11, 8.68), (50.11, 8.68), 0),
        ((50.11, 8.68), (45.76, 4.84), 562),
        ((0, 0), (0, 180), 20_015),
        ((-33.87, 151.21), (51.51, -0.13), 16_994),
    ],
)
def test_great_circles(here: tuple[float, float], there: tuple[float, float], km: float) -> None:
    """Frankfurt to Lyon, half round the world, Sydney to London: within a tenth of a per cent."""
    assert great_circle_km(*here, *there) == pytest.approx(km, rel=0.002, abs=0.5)


def test_light_bounds_a_round_trip() -> None:
    """25 ms reach 2,500 km at most, 800 km take 8 ms at least; a clock that went backwards reaches nowhere."""
    assert (rtt_bound_km(25), rtt_floor_ms(800), rtt_bound_km(-1)) == (2500, 8, 0)
