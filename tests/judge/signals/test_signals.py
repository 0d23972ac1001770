"""Holds judge/signals/__init__.py: the written tuples name every family's file and every signal, once."""

import ast
from pathlib import Path

from judge import signals
from judge.signals import NAMES, SIGNALS
from tests.fakes.examined import KNOWLEDGE

FOLDER = Path(signals.__file__).parent


def test_every_family_is_registered() -> None:
    """Each file of the folder is in the tuple, and nothing else."""
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {signal.__module__.rpartition(".")[2] for signal in SIGNALS} == files
    assert len(SIGNALS) == len(files)


def test_names_are_those_the_code_speaks() -> None:
    """Each name is written in a family's file, and each name made there is in the tuple."""
    words = {
        node.value
        for path in FOLDER.glob("*.py")
        if path.name != "__init__.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    made = {
        node.args[index].value  # type: ignore[attr-defined]
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        for function, index in (("_note", 0), ("_weighed", 1), ("Evidence", 0), ("note", 0), ("weighed", 1))
        if node.func.id == function and isinstance(node.args[index], ast.Constant)
    }
    assert made <= set(NAMES) <= words
    assert len(set(NAMES)) == len(NAMES)


def test_every_weight_belongs_to_a_signal() -> None:
    """No weight is written for a signal that does not exist."""
    assert set(KNOWLEDGE.weights) <= set(NAMES)


def test_every_weighed_signal_has_a_weight() -> None:
    """What is weighed in code has its row: a missing one would end a judgement, not a load."""
    weighed = {
        node.args[1].value
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"weighed", "_weighed"}
        if isinstance(node.args[1], ast.Constant)
    }
    assert weighed <= set(KNOWLEDGE.weights)
