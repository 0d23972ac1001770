"""Since when a series of days has another level: one robust test for one change. Pure: numbers in, a change or nothing out.

The rule. Of the logarithms of the values what is usual for a weekday is taken away. The break is where two levels leave the least absolute
rest; how likely one is by chance says Pettitt's rank test (Applied Statistics 28, 1979), widened for days that resemble the day before
(a first-order autocorrelation r makes the test's variance (1+r)/(1-r) times as large). It is a change when chance is below CHANCE, the
medians before and after differ by LEAST, and there are BEFORE days before and AFTER days after. A single wild day moves nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

CHANCE: Final = 0.003
"""By chance alone, in a series of noise looked at once. What daily looks over a year come to is measured, and why four weeks alone are not
looked at besides (five times the false alarms): docs/decisions/021-rollups.md."""
LEAST: Final = 0.10
"""Less than a tenth is not worth telling anybody."""
BEFORE: Final = 14
AFTER: Final = 7
"""Days, a whole number of weeks each: a level is not made of week-ends alone, and what lasts no week is no level."""
MOST_ALIKE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Change:
    """`at`: the index of the first value of the new level. Levels are medians, in the values' unit; `chance` from 0 to 1."""

    at: int
    before: float
    after: float
    chance: float

    @property
    def percent(self) -> float:
        """Return how much higher the new level is, in percent; negative when it is lower."""
        return 100 * (self.after / self.before - 1)


def change_in(values: Sequence[float], weekdays: Sequence[int]) -> Change | None:
    """Return the one change of level of positive values, oldest first, `weekdays` theirs; None when there is none, or too few values."""
    if len(values) < BEFORE + AFTER or min(values) <= 0:
        return None
    plain = _without_week([math.log(value) for value in values], weekdays)
    at = min(range(BEFORE, len(values) - AFTER + 1), key=lambda one: sum(map(abs, _rest(plain, one))))
    chance = min(1.0, 2 * math.exp(-6 * _statistic(plain) ** 2 / (len(values) ** 3 + len(values) ** 2) / _alike(_rest(plain, at))))
    change = Change(at, median(values[:at]), median(values[at:]), chance)
    level = median(plain[at:]) - median(plain[:at])
    return change if chance < CHANCE and abs(level) >= math.log1p(LEAST) and abs(change.percent) >= 100 * LEAST else None


def _without_week(logs: Sequence[float], weekdays: Sequence[int]) -> list[float]:
    """Return the values less what is usual for their weekday, where each weekday was seen often enough to know."""
    by_day: dict[int, list[float]] = {}
    for value, weekday in zip(logs, weekdays, strict=True):
        by_day.setdefault(weekday, []).append(value)
    usual = {weekday: median(mine) for weekday, mine in by_day.items()}
    return [value - usual[weekday] for value, weekday in zip(logs, weekdays, strict=True)]


def _statistic(values: Sequence[float]) -> float:
    """Return Pettitt's statistic: the largest difference, at any break, between ranks as they are and as they would be without one."""
    best, ranked = 0.0, 0.0
    for at, rank in enumerate(_ranks(values)[:-1], 1):
        ranked += rank
        best = max(best, abs(2 * ranked - at * (len(values) + 1)))
    return best


def _ranks(values: Sequence[float]) -> list[float]:
    """Return ranks from 1 on, equal values sharing theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for index in order[first : last + 1]:
            ranks[index] = (first + last) / 2 + 1
        first = last + 1
    return ranks


def _rest(values: Sequence[float], at: int) -> list[float]:
    """Return what is left of values when the levels before and after a break are taken away."""
    before, after = median(values[:at]), median(values[at:])
    return [value - before for value in values[:at]] + [value - after for value in values[at:]]


def _alike(rest: Sequence[float]) -> float:
    """Return by how much days that resemble each other widen the test: 1 when they do not."""
    squares = sum(value * value for value in rest)
    if not squares:
        return 1.0
    alike = sum(one * other for one, other in pairwise(rest)) / squares
    kept = min(max(alike, 0.0), MOST_ALIKE)
    return (1 + kept) / (1 - kept)
