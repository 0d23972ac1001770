"""Holds server/watcher/rollups/change.py: finds a level that changed, and seldom finds one in noise."""

import math
import random

import pytest

from server.watcher.rollups.change import AFTER, BEFORE, LEAST, change_in


def days(count: int, seed: int = 1, *, spread: float = 0.08, weekend: float = 0.7) -> list[float]:
    """Return so many days' p95 around 150 ms, quicker at week-ends."""
    chance = random.Random(seed)
    return [150 * math.exp(chance.gauss(0, spread)) * (weekend if day % 7 > 4 else 1) for day in range(count)]


def found(values: list[float]) -> tuple[int, float] | None:
    """Return where a change is and by how many percent."""
    change = change_in(values, [day % 7 for day in range(len(values))])
    return (change.at, change.percent) if change else None


@pytest.mark.parametrize(("rise", "at"), [(1.18, 42), (1.3, 63), (0.8, 40), (2.0, 70)])
def test_a_new_level(rise: float, at: int) -> None:
    """Up or down, six weeks or two: found where it is, give or take two days, by as much as it is."""
    values = [value * (rise if day >= at else 1) for day, value in enumerate(days(84))]
    change = found(values)
    assert change is not None
    assert abs(change[0] - at) <= 2
    assert change[1] == pytest.approx(100 * (rise - 1), abs=8)


def test_noise() -> None:
    """Of three hundred series without a change one at most has one; week-ends, wild days and weeks alike are noise, too."""
    wild = [
        [value * (8 if random.Random(seed * 84 + day).random() < 0.04 else 1) for day, value in enumerate(days(84, seed))]
        for seed in range(150)
    ]
    assert sum(found(days(84, seed)) is not None for seed in range(150)) + sum(found(values) is not None for values in wild) <= 1


def test_too_little() -> None:
    """Too few days, a level too young or too near the old one, and no values at all are no change."""
    assert found(days(BEFORE + AFTER - 1)) is None
    assert found([]) is None
    assert found([value * (3 if day >= 80 else 1) for day, value in enumerate(days(84))]) is None
    assert found([value * (1 + LEAST / 2 if day >= 42 else 1) for day, value in enumerate(days(84, spread=0.001))]) is None
    assert found([0.0] * 84) is None
    assert found([5.0] * 84) is None
