"""Holds server/case_section.py: what a configuration may say of cases."""

import pytest
from pydantic import ValidationError

from server.case_section import CaseSection


def test_section() -> None:
    """A day, then a week, fifteen seconds; nonsense is refused."""
    one = CaseSection()
    assert (one.remind_after_h, one.remind_every_h, one.cadence_s) == (24, 168, 15)
    for wrong in ({"remind_after_h": 0}, {"cadence_s": 1}, {"remind": 3}):
        with pytest.raises(ValidationError):
            CaseSection.model_validate(wrong)
