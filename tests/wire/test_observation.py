"""Samples: what varies from one probe to the next."""

from typing import get_args

import pytest
from pydantic import BaseModel, ValidationError

from wire.observation import KnownObservation, RawObservation, WebObservation
from wire.vocabulary import KINDS

KNOWN: tuple[type[BaseModel], ...] = get_args(KnownObservation)


def test_one_kind_each() -> None:
    """Each kind of the vocabulary has its observation, which says its facts' id and its moment."""
    assert sorted(model.model_json_schema()["properties"]["kind"]["const"] for model in KNOWN) == sorted(KINDS)
    for model in KNOWN:
        assert {"kind", "facts", "at_us"} <= set(model.model_json_schema()["required"])


def test_units_are_in_names() -> None:
    """A number's unit is in its name: milliseconds, seconds of waiting, percent, 10^6 bits a second."""
    for model in KNOWN:
        for name, field in model.model_fields.items():
            if "float" in str(field.annotation):
                assert name.endswith(("_ms", "_s", "_percent", "_mbps")), f"{model.__name__}.{name}"


@pytest.mark.parametrize("status", [99, 1000, -1])
def test_status(status: int) -> None:
    """An HTTP status has three digits (RFC 9110, 15)."""
    with pytest.raises(ValidationError):
        WebObservation(kind="web", facts="A" * 22, at_us=0, status=status)


def test_raw_keeps_anything() -> None:
    """A raw observation keeps its kind's name and all of its data."""
    assert RawObservation(kind="raw", of="smell", data={"a": [1, None, "x"]}).data == {"a": [1, None, "x"]}
