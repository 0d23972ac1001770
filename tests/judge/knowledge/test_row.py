"""Holds judge/knowledge/row.py: a row has grade and origin, and what is only recalled is never used."""

import pytest
from pydantic import ValidationError

from judge.knowledge.row import Row, Signature


def test_grade_and_origin() -> None:
    """A row without grade or origin, or with a key nobody reads, is refused."""
    assert Row.model_validate({"grade": "A", "origin": "x"}).grade == "A"
    for wrong in ({"grade": "A"}, {"origin": "x"}, {"grade": "A", "origin": ""}, {"grade": "A", "origin": "x", "orign": "y"}):
        with pytest.raises(ValidationError):
            Row.model_validate(wrong)


def test_recalled_is_off() -> None:
    """Grade D cannot be enabled; grade C can, and counts little."""
    assert not Signature.model_validate({"grade": "D", "origin": "x", "enabled": False}).enabled
    assert Signature.model_validate({"grade": "C", "origin": "x"}).enabled
    with pytest.raises(ValidationError, match="write enabled = false"):
        Signature.model_validate({"grade": "D", "origin": "x"})
