"""A distribution in a few hundred bytes, mergeable, its quantiles right to 1 %: DDSketch (Masson, Rim, Lee: VLDB 2019), kept sparse. Pure.

The mapping is that of the `ddsketch` package, which the tests hold this to; a plain dict merges and adds several times as fast as its
dense stores (docs/decisions/021-rollups.md). Nothing is ever collapsed: milliseconds from a microsecond to a day have 1,260 buckets.
"""

import math
from collections.abc import Iterable, Iterator

ACCURACY = 0.01
"""Relative: a quantile is the value at its rank, give or take this part of it."""
_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_PER_LOG = 1 / math.log(_GAMMA)
_SMALLEST = 1e-6
"""Nearer to nothing counts as nothing: a thousandth of what the finest clock here can tell, in ms."""
LONGEST_SHIFT = 63


class Sketch:
    """Counts by bucket: bucket i holds the values in (gamma^(i-1), gamma^i], `below` the same of negative values."""

    __slots__ = ("above", "below", "zeros")

    def __init__(self) -> None:
        self.above: dict[int, int] = {}
        self.below: dict[int, int] = {}
        self.zeros = 0

    @property
    def count(self) -> int:
        """Return how many values there are."""
        return self.zeros + sum(self.above.values()) + sum(self.below.values())

    def add(self, value: float) -> None:
        """Take a finite value in."""
        if value > _SMALLEST:
            key = math.ceil(math.log(value) * _PER_LOG)
            self.above[key] = self.above.get(key, 0) + 1
        elif value < -_SMALLEST:
            key = math.ceil(math.log(-value) * _PER_LOG)
            self.below[key] = self.below.get(key, 0) + 1
        else:
            self.zeros += 1

    def merge(self, other: "Sketch") -> None:
        """Take all values of another in: as if they had been added here."""
        for mine, theirs in ((self.above, other.above), (self.below, other.below)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
        self.zeros += other.zeros

    def at(self, q: float) -> float:
        """Return the value at rank floor(q(n-1)), q from 0 to 1, give or take 1 %. Raises ValueError for no values."""
        return self.at_each((q,))[0]

    def at_each(self, quantiles: Iterable[float]) -> list[float]:
        """Return the values at several ranks, quantiles rising: one walk for all of them."""
        count = self.count
        if not count:
            raise ValueError("no values have no quantile")
        found: list[float] = []
        walk, seen, value = self._buckets(), 0, 0.0
        for q in quantiles:
            rank = math.floor(q * (count - 1))
            while seen <= rank:
                value, held = next(walk)
                seen += held
            found.append(value)
        return found

    def _buckets(self) -> Iterator[tuple[float, int]]:
        for key in sorted(self.below, reverse=True):
            yield -_middle(key), self.below[key]
        if self.zeros:
            yield 0.0, self.zeros
        for key in sorted(self.above):
            yield _middle(key), self.above[key]


def _middle(key: int) -> float:
    """Return the value that is at most 1 % from all values of a bucket."""
    return math.pow(_GAMMA, key) * 2 / (1 + _GAMMA)


def encode(sketch: Sketch) -> bytes:
    """Return a sketch as varints: the zeros, then each side's number of buckets and its (index step, count) pairs. Equal gives equal."""
    numbers = [sketch.zeros]
    for side in (sketch.above, sketch.below):
        numbers.append(len(side))
        before = 0
        for key in sorted(side):
            numbers += (_zigzag(key - before), side[key])
            before = key
    return varints(numbers)


def decode(stored: bytes) -> Sketch:
    """Return the sketch `encode` made bytes of. Raises ValueError for other bytes."""
    numbers = read_varints(stored)
    sketch = Sketch()
    try:
        sketch.zeros = next(numbers)
        for side in (sketch.above, sketch.below):
            key = 0
            for _ in range(next(numbers)):
                key += _unzigzag(next(numbers))
                side[key] = next(numbers)
    except StopIteration:
        raise ValueError("a sketch that ends before its end") from None
    return sketch


def varints(numbers: Iterable[int]) -> bytes:
    """Return whole numbers from 0 on as LEB128: seven bits a byte, least first."""
    made = bytearray()
    for number in numbers:
        rest = number
        while rest > 0x7F:
            made.append(rest & 0x7F | 0x80)
            rest >>= 7
        made.append(rest)
    return bytes(made)


def read_varints(stored: bytes) -> Iterator[int]:
    """Give the numbers `varints` wrote. Raises ValueError for what cannot be one."""
    number = shift = 0
    for byte in stored:
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > LONGEST_SHIFT + 7:
            raise ValueError("a number of more than 64 bits")
        if byte < 0x80:
            yield number
            number = shift = 0
    if shift:
        raise ValueError("a number that ends before its end")


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _unzigzag(number: int) -> int:
    return -((number + 1) >> 1) if number & 1 else number >> 1
