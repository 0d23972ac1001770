"""Holds judge/signals/path_split.py: where a connection ends, and how its times compare."""

from typing import Any

import pytest

from judge.signals.path_split import signal
from tests.fakes.examined import OUTLOOK, Round, leaf
from wire.facts import PathFacts


def said(*words: str, **facts: Any) -> list[str]:
    """Return what is said of a path."""
    return [name for _, name in Round().see(PathFacts(target=OUTLOOK, **facts), *words).names(signal)]


def test_hops() -> None:
    """Ending nearer than the control port is a sign, ending alike speaks against, one of the two unknown says nothing."""
    assert said(ends_at=2, control_port=5061, control_ends_at=4) == ["ends_nearer"]
    assert said(ends_at=4, control_port=5061, control_ends_at=4) == ["ends_alike"]
    assert said(ends_at=2) == said(control_port=5061, control_ends_at=4) == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("quick-control", "quick-tls"), "connect_quick"),
        (("even-icmp",), "connect_even"),
        (("even-control", "quick-icmp"), "times_disagree"),
    ],
)
def test_times(words: tuple[str, ...], name: str) -> None:
    """Times that agree are evidence one way or the other; times that do not are a note."""
    assert said(*words) == [name]


def test_where_another_answers_tls() -> None:
    """It ends TCP too: nothing speaks against, and a quick connect is proof; the server's own certificate leaves all as it was."""
    path = PathFacts(target=OUTLOOK, ends_at=4, control_port=80, control_ends_at=4)
    for centre, words, names in (
        ("no_root", ("quick-tls",), ["connect_quick", "ends_with_tls"]),
        ("no_root", ("even-tls",), ["tls_by_another"]),
        ("trusted", ("quick-tls",), ["ends_alike", "connect_quick"]),
    ):
        made = Round().chain(leaf(OUTLOOK.host), centre).see(path, *words)  # type: ignore[arg-type]
        assert [name for _, name in made.names(signal)] == names


def test_a_path_that_failed_says_nothing() -> None:
    """Nothing follows from a path that could not be looked at."""
    assert said("quick-tls", failure="timeout", stage="connect", ends_at=2, control_ends_at=4) == []
