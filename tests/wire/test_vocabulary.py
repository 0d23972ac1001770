"""The closed word lists."""

import re
from typing import get_args

import pytest

from wire import vocabulary

LISTS = {name: get_args(value) for name, value in vars(vocabulary).items() if name[0].isupper() and get_args(value)}


@pytest.mark.parametrize("name", LISTS)
def test_words(name: str) -> None:
    """Each word stands once in its list and fits topic, column and tag: letters, digits, _ and - only."""
    words = LISTS[name]
    assert len(set(words)) == len(words)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", word) for word in words)


def test_tuples_are_the_lists() -> None:
    """The tuples that programs walk are the lists that types check."""
    assert LISTS["Failure"] == vocabulary.FAILURES
    assert LISTS["Stage"] == vocabulary.STAGES
    assert LISTS["Verdict"] == vocabulary.VERDICTS
    assert LISTS["Kind"] == vocabulary.KINDS


def test_what_cannot_be_named_has_a_word() -> None:
    """Lists that classify the outside world have a word for the rest."""
    assert "unknown" in LISTS["Failure"]
    assert "unknown" in LISTS["DeviceClass"]
    assert "inconclusive" in LISTS["Verdict"]
    assert "unclear" in LISTS["Responsible"]
