"""Holds server/watcher/kinds.py: a closed list whose good ends exist, and every rule tells only what is on it."""

import ast

from server.watcher.kinds import KINDS
from tests.tree import parsed, sources


def test_ends_are_kinds_of_the_same_cause() -> None:
    """What ends an alert ends one of its own cause."""
    for name, kind in KINDS.items():
        for ended in kind.ends:
            assert KINDS[ended].cause == kind.cause, f"{name} ends {ended}"


def test_rules_tell_what_is_on_the_list() -> None:
    """Each kind written out where an event is made is a kind of the list, and fits its column."""
    for path in sources("server"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "EventRow" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    assert first.value in KINDS, f"{path}:{node.lineno} tells {first.value!r}"
    assert max(map(len, KINDS)) <= 32
