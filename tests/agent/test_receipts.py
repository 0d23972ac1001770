"""Receipts against a stream: which numbers are done, and whose stream they are about."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.receipts import done_ranges, is_forked, merged, without
from wire.receipt import Receipt

STREAM = "a" * 32


def test_done_is_upto_and_also() -> None:
    """`upto` and `also` together are what is done; nothing yet is no range."""
    assert done_ranges(Receipt(stream=STREAM)) == []
    assert done_ranges(Receipt(stream=STREAM, upto=3, also=[(5, 6)])) == [(1, 3), (5, 6)]


@pytest.mark.parametrize(
    ("receipt", "forked"),
    [
        (Receipt(stream=STREAM), False),
        (Receipt(stream=STREAM, upto=5), False),
        (Receipt(stream=STREAM, upto=5, reset_stream=True), True),
        (Receipt(stream=STREAM, upto=11), True),
        (Receipt(stream=STREAM, upto=2, also=[(9, 11)]), True),
        (Receipt(stream=STREAM, upto=5, ends=["d5"]), False),
        (Receipt(stream=STREAM, upto=5, ends=["other"]), True),
        (Receipt(stream=STREAM, upto=5, ends=[""]), False),
        (Receipt(stream=STREAM, upto=1, ends=["other"]), False),
        (Receipt(stream=STREAM, upto=5, also=[(7, 8)], ends=["d5", "d8"]), False),
        (Receipt(stream=STREAM, upto=5, also=[(7, 8)], ends=["d5", "other"]), True),
    ],
)
def test_a_receipt_for_a_copy_is_known(receipt: Receipt, *, forked: bool) -> None:
    """A reset, numbers never given, or another digest at a range's end mean a copy; an unknown digest on either side proves nothing."""
    assert is_forked(receipt, 10, lambda seq: f"d{seq}" if seq > 1 else None) is forked


RANGES = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=8)


def numbers(ranges: list[tuple[int, int]]) -> set[int]:
    """Return the numbers in ranges."""
    return {seq for first, last in ranges for seq in range(first, last + 1)}


@given(ranges=RANGES, gone=RANGES)
def test_range_arithmetic_is_set_arithmetic(ranges: list[tuple[int, int]], gone: list[tuple[int, int]]) -> None:
    """Joining and cutting ranges do to numbers what union and difference do, and joined ranges neither touch nor overlap."""
    joined = merged(ranges)
    assert numbers(joined) == numbers(ranges)
    assert all(one[1] + 1 < following[0] for one, following in itertools.pairwise(joined))
    assert numbers(without(joined, gone)) == numbers(ranges) - numbers(gone)
