"""Runs one PAC file for one URL in a fresh QuickJS context. Imported by the child (`agent/pac/__main__.py`) only; no I/O but the prelude.

QuickJS' own limits stop loops, recursion and memory; what they do not reach (a regular expression that backtracks for ever) is left to
the limits of the process and to the parent, who kills it.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import quickjs

STEP_S = 0.25
"""CPU for each of the three steps (prelude, file, call): the largest real files take 10 ms, three steps stay within the second promised."""
MEMORY_BYTES = 32 << 20
"""A file of 1 MiB takes 12 MB as bytecode (measured)."""
STACK_BYTES = 512 << 10


class World(NamedTuple):
    """What the parent tells a PAC file of the world: addresses of the names asked so far, our own addresses, local time and GMT in ms."""

    names: Mapping[str, Sequence[str]]
    mine: Sequence[str]
    now: tuple[float, float]


def evaluate(script: str, url: str, host: str, world: World) -> dict[str, object]:
    """Return `{"need": [name]}`, else `{"found": text}`, else `{"error": word, "text": what the file threw}`. Never raises."""
    context = quickjs.Context()
    context.set_memory_limit(MEMORY_BYTES)
    context.set_max_stack_size(STACK_BYTES)
    context.set_time_limit(STEP_S)
    plain = {"names": dict(world.names), "mine": list(world.mine), "now": list(world.now)}
    context.eval(f"{_prelude()}(globalThis, {json.dumps(plain)})")
    find, need = _taken(context, "find"), _taken(context, "need")
    answer = _run(context, script, find, url, host)
    try:
        names = [name for name in str(need()).split("\n") if name]
    except Exception:  # noqa: BLE001 - out of memory or time: what the run said stands
        names = []
    return {"need": names} if names else answer


def _taken(context: Any, name: str) -> Any:  # noqa: ANN401 - quickjs has no types
    """Return a function of the prelude and take it out of the file's sight."""
    function = context.get(name)
    context.eval(f"delete globalThis.{name}")
    return function


def _run(context: Any, script: str, find: Any, url: str, host: str) -> dict[str, object]:  # noqa: ANN401 - quickjs has no types
    step = "syntax"
    try:
        context.eval(script)
        step = "threw"
        found = find(url, host)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's program does is an answer
        return _told(str(error), step)
    if not isinstance(found, str):
        return {"error": "not_text"}
    return {"error": found[1:]} if found.startswith("!") else {"found": found}


def _told(text: str, step: str) -> dict[str, object]:
    """Return the closed word for an exception, with the first line of its text."""
    first = text.partition("\n")[0][:200]
    for sign, word in (("interrupted", "loop"), ("out of memory", "memory"), ("stack overflow", "recursion")):
        if first.endswith(sign):
            return {"error": word}
    if first == "null":  # no memory was left for the exception itself
        return {"error": "memory"}
    word = "syntax" if step == "syntax" and first.startswith("SyntaxError") else "threw"
    return {"error": word, "text": first}


@cache
def _prelude() -> str:
    return Path(__file__).with_name("prelude.js").read_text(encoding="utf-8").rstrip()
