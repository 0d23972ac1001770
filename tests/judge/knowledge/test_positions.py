"""Holds judge/knowledge/positions.py: a category's row is complete, a row that lies over it need not be."""

import pytest
from pydantic import ValidationError

from judge.knowledge.loader import load_knowledge
from judge.knowledge.positions import OVERLAYS, TRAFFIC, Position

POSITIONS = load_knowledge().positions


def test_every_kind_of_traffic_has_its_position() -> None:
    """All kinds are there, each with words and an origin, and severities are never said to be Microsoft's."""
    assert set(POSITIONS) == set(TRAFFIC)
    assert {one.severity_by for one in POSITIONS.values()} == {"ours"}
    assert all(one.says and one.origin for one in POSITIONS.values())


def test_a_gap_is_refused() -> None:
    """A category without a severity for one verdict is refused by name; an overlay with few is not."""
    plain = POSITIONS["optimize"].model_dump()
    with pytest.raises(ValidationError, match="spliced: no severity is written"):
        Position.model_validate(plain | {"verdicts": {key: value for key, value in plain["verdicts"].items() if key != "spliced"}})
    with pytest.raises(ValidationError, match="quic_blocked: no severity"):
        Position.model_validate(plain | {"meddling": {key: value for key, value in plain["meddling"].items() if key != "quic_blocked"}})
    assert all(len(POSITIONS[one].verdicts) < 5 for one in OVERLAYS)
