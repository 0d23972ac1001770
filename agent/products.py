"""Known local products by what runs on a machine: `products.csv`, made from the judge's knowledge by `scripts/agent_data.py`. Pure.

The agent must not import the judge, so it carries the few columns it needs. Names are compared here and stay here: only a product's id
leaves the machine.
"""

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from agent.platform.port import MarkKind

COMM = 15
"""Linux cuts a process's name after 15 characters (TASK_COMM_LEN)."""


class Mark(NamedTuple):
    """One row: `kind` as `MarkKind`, `system` one of ours or `any`, `name` a pattern for the whole name in any case."""

    product: str
    kind: str
    system: str
    name: re.Pattern[str]


@cache
def marks() -> tuple[Mark, ...]:
    """Return the rows of `products.csv`."""
    rows = csv.DictReader(files("agent").joinpath("products.csv").read_text(encoding="utf-8").splitlines())
    return tuple(Mark(row["product"], row["kind"], row["system"], re.compile(row["name"], re.IGNORECASE)) for row in rows)


def products(system: str, running: Mapping[MarkKind, frozenset[str]], known: tuple[Mark, ...] | None = None) -> list[str]:
    """Return the ids of products among what runs, sorted. `known` is `marks()` by default."""
    found = set()
    for mark in marks() if known is None else known:
        if mark.system in {system, "any"} and any(kind == mark.kind and _is_among(mark, names, system) for kind, names in running.items()):
            found.add(mark.product)
    return sorted(found)


def _is_among(mark: Mark, names: frozenset[str], system: str) -> bool:
    if any(mark.name.fullmatch(name) for name in names):
        return True
    cut = mark.name.pattern.replace("\\", "")
    return system == "linux" and mark.kind == "process" and len(cut) > COMM and cut.isascii() and cut[:COMM] in names
