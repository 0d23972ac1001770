"""The scalars every message is made of."""

import math

import pytest
from pydantic import TypeAdapter, ValidationError

from wire import model


class Example(model.Message):
    """A message of the tests."""

    ms: model.Milliseconds = 0.0
    word: model.Word = ""


@pytest.mark.parametrize("text", ["a", "agent-01", "0", "a" * 63])
def test_agent_ids(text: str) -> None:
    """An id is what fits in a topic, a certificate's common name and a tag."""
    assert TypeAdapter(model.AgentId).validate_python(text) == text


@pytest.mark.parametrize("text", ["", "-a", "A", "a_b", "a.b", "a/b", "+", "#", "é", "a" * 64, "a\n", " a"])
def test_not_agent_ids(text: str) -> None:
    """An id can be neither a wildcard nor a path, nor hold the dot of the collectors' common name."""
    with pytest.raises(ValidationError):
        TypeAdapter(model.AgentId).validate_python(text)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.001, 3_600_000.1])
def test_milliseconds(value: float) -> None:
    """A duration is a finite number between nothing and an hour: InfluxDB refuses a batch for a NaN."""
    with pytest.raises(ValidationError):
        Example(ms=value)


def test_dump_leaves_defaults_out() -> None:
    """A field that holds its default costs no bytes."""
    assert Example().dump() == b"{}"
    assert Example(ms=1.5).dump() == b'{"ms":1.5}'


def test_unknown_fields_are_ignored_and_messages_frozen() -> None:
    """A newer sender's field is dropped; nobody changes a message after it was read."""
    message = Example.model_validate({"ms": 1, "future": True})
    assert message == Example(ms=1.0)
    with pytest.raises(ValidationError):
        message.ms = 2.0  # type: ignore[misc]


@pytest.mark.parametrize("text", ["http://user:secret@proxy", "Direct", "a b", "", "-x"])
def test_route_names(text: str) -> None:
    """A route's name cannot be a URL: it could hold a password."""
    with pytest.raises(ValidationError):
        TypeAdapter(model.RouteName).validate_python(text)
