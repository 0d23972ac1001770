"""Holds judge/knowledge/model.py: rows are complete or refused, and the small look-ups on the whole."""

import pytest
from pydantic import ValidationError

from judge.knowledge.loader import load_knowledge
from judge.knowledge.model import Product

KNOWLEDGE = load_knowledge()
ROW = {
    "id": "x",
    "vendor": "X",
    "product": "X",
    "class": "swg",
    "scope": "global",
    "match": [{"CN": "^X$"}],
    "grade": "A",
    "origin": "somewhere",
}


def test_a_row_without_grade_or_origin_is_refused() -> None:
    """Who says so and how surely is part of every row."""
    assert Product.model_validate(ROW).device_class == "swg"
    for missing in ("grade", "origin", "match"):
        with pytest.raises(ValidationError, match=missing):
            Product.model_validate({key: value for key, value in ROW.items() if key != missing})


def test_a_misspelt_rule_is_refused() -> None:
    """Unknown keys, attributes, classes and broken expressions are not silently without effect."""
    for wrong in ({"scop": "global"}, {"match": [{"cn": "x"}]}, {"class": "gateway"}, {"match": [{"CN": "("}]}):
        with pytest.raises(ValidationError):
            Product.model_validate({**ROW, **wrong})


def test_operator_of() -> None:
    """What the list holds is Microsoft's, except what only stands in it; what it lacks is its own operator."""
    assert KNOWLEDGE.operator_of("outlook.office365.com", 1) == "microsoft"
    assert KNOWLEDGE.operator_of("graph.microsoft.com", None) == "microsoft"
    assert KNOWLEDGE.operator_of("ocsp.digicert.com", 125) == "*.digicert.com"
    assert KNOWLEDGE.operator_of("WWW.example.org", None) == "www.example.org"


def test_links_and_rules() -> None:
    """Every topic has something to read, and sign-in hosts have their rule."""
    assert all(KNOWLEDGE.links_about(topic) for topic in ("inspected", "login", "unreachable"))
    assert KNOWLEDGE.has_rule("login.microsoftonline.com", "login")
    assert not KNOWLEDGE.has_rule("device.login.microsoftonline.com", "login")
