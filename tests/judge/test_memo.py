"""Holds judge/memo.py: bounded, least recently used out first, counted."""

from judge.memo import Memo


def test_oldest_use_goes_first() -> None:
    """A value that was asked for outlives one that was not."""
    memo: Memo[str, int] = Memo(2)
    memo.put("a", 1)
    memo.put("b", 2)
    assert memo.get("a") == 1
    memo.put("c", 3)
    assert (memo.get("a"), memo.get("b"), memo.get("c"), len(memo)) == (1, None, 3, 2)


def test_counts() -> None:
    """Hits and misses are counted; putting is neither."""
    memo: Memo[str, int] = Memo(2)
    memo.get("a")
    memo.put("a", 1)
    memo.get("a")
    assert (memo.hits, memo.misses) == (1, 1)
