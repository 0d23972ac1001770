"""Holds server/watcher/rollups/sketch.py: within 1 % of the value at rank floor(q(n-1)), as the reference package, the same after bytes."""

import math
import random
from collections.abc import Callable

import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from server.watcher.rollups.sketch import ACCURACY, Sketch, decode, encode, read_varints, varints

QUANTILES = (0.0, 0.25, 0.5, 0.95, 0.99, 1.0)
VALUES = st.lists(st.floats(-1e7, 1e7, allow_nan=False).map(lambda value: round(value, 3)), min_size=1, max_size=300)


def sketch_of(values: list[float]) -> Sketch:
    """Return a sketch of values."""
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


def assert_right(sketch: Sketch, values: list[float]) -> None:
    """Hold each quantile to the value at its rank: within 1 %, and a rounding error of the last digits."""
    ranked = sorted(values)
    for q in QUANTILES:
        true = ranked[math.floor(q * (len(ranked) - 1))]
        assert abs(sketch.at(q) - true) <= ACCURACY * abs(true) * (1 + 1e-9)


@given(VALUES)
def test_any_values(values: list[float]) -> None:
    """Whatever the values, negative ones and zeros included, and however often one of them is there."""
    assert_right(sketch_of(values), values)


@pytest.mark.parametrize(
    "draw",
    [
        lambda r: r.lognormvariate(4, 0.6),
        lambda r: r.expovariate(1 / 80),
        lambda r: r.choice([12.0, 12.01, 250.0]) + r.random(),
        lambda r: r.paretovariate(1.2),
        lambda r: r.gauss(0, 15),
        lambda r: r.uniform(0, 0.05),
    ],
    ids=["lognormal", "exponential", "two peaks", "heavy tail", "tax around nothing", "a clock's last digit"],
)
def test_times_as_they_are(draw: Callable[[random.Random], float]) -> None:
    """Distributions of real phases, 5,000 values each."""
    chance = random.Random(7)
    values = [round(draw(chance), 2) for _ in range(5000)]
    assert_right(sketch_of(values), values)


@given(st.lists(VALUES, min_size=1, max_size=6))
def test_merging_is_adding(parts: list[list[float]]) -> None:
    """A merged sketch is the sketch of all values, to the byte, whatever was merged first."""
    whole, backwards = Sketch(), Sketch()
    for part in parts:
        whole.merge(sketch_of(part))
    for part in reversed(parts):
        backwards.merge(sketch_of(part))
    assert encode(whole) == encode(backwards) == encode(sketch_of([value for part in parts for value in part]))


@given(VALUES)
def test_as_the_reference(values: list[float]) -> None:
    """The package this mapping is taken from puts each value into the same bucket."""
    ours, reference = sketch_of(values), DDSketch(ACCURACY)
    for value in values:
        reference.add(value)
    for q in QUANTILES:
        assert ours.at(q) == pytest.approx(reference.get_quantile_value(q), rel=1e-9)


@given(VALUES)
def test_bytes(values: list[float]) -> None:
    """A sketch comes back from its bytes as it was."""
    sketch = sketch_of(values)
    again = decode(encode(sketch))
    assert (again.above, again.below, again.zeros) == (sketch.above, sketch.below, sketch.zeros)
    assert again.at_each(QUANTILES) == sketch.at_each(QUANTILES)


def test_size() -> None:
    """An hour of one probe a minute takes about a hundred bytes, an hour of a thousand agents under two thousand."""
    chance = random.Random(7)
    small, large = (sketch_of([chance.lognormvariate(4, 0.6) for _ in range(count)]) for count in (60, 60_000))
    assert len(encode(small)) < 130
    assert len(encode(large)) < 2000


@pytest.mark.parametrize("stored", [b"", b"\x00", b"\x00\x02\x02\x01", b"\x80", b"\xff" * 12])
def test_other_bytes(stored: bytes) -> None:
    """Bytes that are no sketch are said to be none."""
    with pytest.raises(ValueError, match=r"end|64 bits"):
        decode(stored)


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_varints(numbers: list[int]) -> None:
    """Whole numbers come back."""
    assert list(read_varints(varints(numbers))) == numbers


def test_nothing() -> None:
    """Nothing has no quantile."""
    with pytest.raises(ValueError, match="no values"):
        Sketch().at(0.5)
