"""What a receipt means for the spool's rows, pure: which numbers are done, and whether they can be ours at all."""

from collections.abc import Callable, Iterable, Sequence

from wire.receipt import Receipt

Ranges = list[tuple[int, int]]
"""Sorted, disjoint, first and last included."""


def done_ranges(receipt: Receipt) -> Ranges:
    """Return the numbers a receipt calls done: stored, quarantined, or dropped and noted."""
    return [(first, last) for first, last in [(1, receipt.upto), *receipt.also] if first <= last]


def is_forked(receipt: Receipt, last: int, digest_of: Callable[[int], str | None]) -> bool:
    """Return whether the receipt is about another copy of this stream, and must not delete anything here.

    So it is when the ledger says so, when it knows numbers we never gave (`last` is our highest), or when it has another digest at
    the end of a range than we have there. `digest_of` returns None for what we no longer hold; that proves nothing.
    """
    ends = [receipt.upto, *(range_last for _, range_last in receipt.also)]
    if receipt.reset_stream or max(ends) > last:
        return True
    pairs = zip(ends, receipt.ends, strict=False)  # an older centre sends no ends
    return any(theirs and (ours := digest_of(seq)) is not None and ours != theirs for seq, theirs in pairs)


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the union of ranges, touching ones joined."""
    joined: Ranges = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def without(ranges: Ranges, gone: Sequence[tuple[int, int]]) -> Ranges:
    """Return what is left of `ranges` when `gone` is cut out."""
    left = ranges
    for cut_first, cut_last in gone:
        parts: Ranges = []
        for first, last in left:
            parts += [(low, high) for low, high in ((first, min(last, cut_first - 1)), (max(first, cut_last + 1), last)) if low <= high]
        left = parts
    return left
