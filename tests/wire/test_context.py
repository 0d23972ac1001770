"""Context: local link facts without names of people or machines."""

from wire.context import Context


def test_nothing_is_said_by_default() -> None:
    """An agent that may not say anything about its link says nothing, in no bytes."""
    assert Context().dump() == b"{}"


def test_no_field_for_a_host() -> None:
    """There is a prefix, never the host's own address, name or user."""
    assert set(Context.model_fields) == {"gateway", "interface", "vpn", "network", "site"}
