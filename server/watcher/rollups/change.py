"""Since when a series of days has another level: one robust test for one change. Pure: numbers in, a change or nothing out.

The rule. Of the logarithms of the values what is usual for a weekday is taken away; Pettitt's rank test (Applied Statistics 28, 1979)
gives the likeliest day and how likely such a break is by chance, widened for days that resemble the day before (a first-order
autocorrelation r makes the test's variance (1+r)/(1-r) times as large). It is a change when chance is below CHANCE, the medians before and
after differ by LEAST, and there are BEFORE days before and AFTER days after. Ranks and medians: a single wild day moves nothing.
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
    at, statistic = _break(plain)
    if at < BEFORE or len(values) - at < AFTER:
        return None
    chance = min(1.0, 2 * math.exp(-6 * statistic**2 / (len(values) ** 3 + len(values) ** 2) / _alike(plain, at)))
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


def _break(values: Sequence[float]) -> tuple[int, float]:
    """Return where Pettitt's statistic is largest (the index of the first value after), and how large it is."""
    ranks = _ranks(values)
    best_at, best, ranked = 0, 0.0, 0.0
    for at, rank in enumerate(ranks[:-1], 1):
        ranked += rank
        statistic = abs(2 * ranked - at * (len(values) + 1))
        if statistic > best:
            best_at, best = at, statistic
    return best_at, best


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


def _alike(values: Sequence[float], at: int) -> float:
    """Return by how much days that resemble each other widen the test: 1 when they do not."""
    rest = [value - median(values[:at]) for value in values[:at]] + [value - median(values[at:]) for value in values[at:]]
    squares = sum(value * value for value in rest)
    if not squares:
        return 1.0
    alike = sum(one * other for one, other in pairwise(rest)) / squares
    kept = min(max(alike, 0.0), MOST_ALIKE)
    return (1 + kept) / (1 - kept)
