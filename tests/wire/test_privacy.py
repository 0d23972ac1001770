"""docs/privacy.md against the wire types: every field an agent sends is on that page, and the page names none that is gone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from wire.facts import KnownFacts
from wire.observation import KnownObservation
from wire.report import Report

PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()
SAID = set(
    re.findall(r"`([A-Za-z]+\.[a-z_]+|[a-z][a-z0-9_]*)`", "\n".join(line.split(" | ")[0] for line in PAGE.splitlines() if line[:2] == "| "))
)
RAW = {"RawObservation", "RawFacts"}
"""What a centre makes of kinds it does not know; no agent sends it."""


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Give the models in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def sent() -> dict[str, type[BaseModel]]:
    """Return every model that is part of a report, by name."""
    found: dict[str, type[BaseModel]] = {}
    waiting: list[type[BaseModel]] = [Report, *get_args(KnownFacts), *get_args(KnownObservation)]
    while waiting:
        one = waiting.pop()
        if one.__name__ not in found and one.__name__ not in RAW:
            found[one.__name__] = one
            waiting += [model for field in one.model_fields.values() for model in models(field.annotation)]
    return found


def test_every_field_is_on_the_page() -> None:
    """By its model and name, or by its name where all probes share it."""
    probes = {model.__name__ for model in (*get_args(KnownFacts), *get_args(KnownObservation))}
    shared = {name for name in SAID if "." not in name}
    missing = [
        f"{name}.{field}"
        for name, model in sent().items()
        for field in model.model_fields
        if f"{name}.{field}" not in SAID and not (name in probes and field in shared)
    ]
    assert not missing, "write them into docs/privacy.md: what it is, why, and how it is switched off"


def test_the_page_names_nothing_that_is_gone() -> None:
    """A row about a field nobody sends would be a promise about nothing."""
    fields = {f"{name}.{field}" for name, model in sent().items() for field in model.model_fields}
    names = {one.partition(".")[2] for one in fields}
    assert not [one for one in SAID if (one not in fields if "." in one else one not in names)]


def test_models_are_found_wherever_they_hide() -> None:
    """In lists, maps and unions alike; a report's own parts are among what is walked."""
    assert {
        "Report",
        "Cycle",
        "Context",
        "Health",
        "Roots",
        "Target",
        "ChainTrust",
        "AddedRoot",
        "ProxySetting",
        "PacFacts",
    } <= sent().keys()
