"""Runs a PAC file in a QuickJS context of its own. Imported by the child (`agent/pac/__main__.py`) only; no I/O but the prelude.

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


class Engine:
    """One file in a context of its own, read once and asked many times, as browsers do it. After a failure it is not to be asked again."""

    def __init__(self, script: str, world: World) -> None:
        """Read the file. What it asks of the world while it is read is asked of `world`."""
        self._context = quickjs.Context()
        self._context.set_memory_limit(MEMORY_BYTES)
        self._context.set_max_stack_size(STACK_BYTES)
        self._context.set_time_limit(STEP_S)
        self._context.eval(f"{_prelude()}(globalThis, {_plain(world)})")
        self._find, self._need, self._tell = (self._taken(name) for name in ("find", "need", "tell"))
        self.failure: dict[str, object] | None = None
        """Why the file could not be read: `{"need": ...}` or `{"error": ...}`."""
        try:
            self._context.eval(script)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's program does is an answer
            self.failure = _told(str(error), "syntax")
        self.failure = self._wanted() or self.failure

    def ask(self, url: str, host: str, world: World) -> dict[str, object]:
        """Return `{"need": [name]}`, else `{"found": text}`, else `{"error": word, "text": what the file threw}`. Never raises."""
        if self.failure is not None:
            return self.failure
        try:
            self._tell(_plain(world))
            found = self._find(url, host)
        except Exception as error:  # noqa: BLE001 - as above
            answer = _told(str(error), "threw")
        else:
            answer = {"error": "not_text"} if not isinstance(found, str) else {"found": found}
            if isinstance(found, str) and found.startswith("!"):
                answer = {"error": found[1:]}
        return self._wanted() or answer

    def _taken(self, name: str) -> Any:  # noqa: ANN401 - quickjs has no types
        """Return a function of the prelude and take it out of the file's sight."""
        function = self._context.get(name)
        self._context.eval(f"delete globalThis.{name}")
        return function

    def _wanted(self) -> dict[str, object]:
        """Return the names the last run lacked, as an answer; nothing when it lacked none."""
        try:
            names = [name for name in str(self._need()).split("\n") if name]
        except Exception:  # noqa: BLE001 - out of memory or time: what the run said stands
            return {}
        return {"need": names} if names else {}


def evaluate(script: str, url: str, host: str, world: World) -> dict[str, object]:
    """Read a file and ask it once."""
    return Engine(script, world).ask(url, host, world)


def _plain(world: World) -> str:
    return json.dumps({"names": dict(world.names), "mine": list(world.mine), "now": list(world.now)})


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
