"""The agent's side of PAC files: hands a script and a URL to the child, answers its questions for names, gives it up when it is late.

Whatever the script does is a value with a reason. Where names come from is the caller's; no socket and no engine is imported here.
"""

import asyncio
import hashlib
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from agent.line_child import LineChild

START_S = 10.0
"""Start of the child and reading the script: 0.07 s measured on an idle machine."""
ANSWER_S = 1.0
"""One run of the script. Real files take 1 to 10 ms."""
IDLE_S = 5.0
ROUNDS = 4
"""A script that asks for one name after another is followed so far; files seen in the field ask for one or two names in all."""
MAX_NAMES = 32
MAX_SCRIPT_BYTES = 1 << 20
"""What Chromium takes; the largest files seen in the field are below 300 kB."""

Reason = Literal[
    "syntax",  # no JavaScript
    "no_function",  # JavaScript without FindProxyForURL
    "threw",  # it threw an exception
    "loop",  # it did not end by itself
    "memory",
    "recursion",
    "killed",  # it did not end by any means but the end of its process
    "not_text",  # it returned something else than text
    "too_long",  # it returned more than any list of proxies
    "too_many_names",
    "fault",  # of ours
]
HOPELESS: frozenset[str] = frozenset({"loop", "memory", "killed"})
"""Reasons that cost up to a second each: after GIVE_UP of them a script is not asked again."""
GIVE_UP = 3

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Returns a name's addresses, none when it has none."""


@dataclass(frozen=True, slots=True)
class PacAnswer:
    """`found` as the file returned it (`PROXY a:1; DIRECT`), or the reason why there is nothing, with the text it threw."""

    found: str = ""
    failure: Reason | None = None
    text: str = ""


class PacFile:
    """One script and its evaluations. `digest` is the SHA-256 of its text (16 hexadecimal characters)."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.digest = hashlib.sha256(script.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self.hopeless = 0
        """Evaluations that ended for a reason in HOPELESS."""


class Evaluator:
    """Asks one child at a time about one file at a time."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "agent.pac"), *, now: Callable[[], float] = time.time) -> None:
        self._child = LineChild(command, IDLE_S)
        self._lock = asyncio.Lock()
        self._now = now
        self._loaded: tuple[int, str] = (0, "")

    async def find(self, file: PacFile, url: str, host: str, mine: Sequence[str], lookup: Lookup) -> PacAnswer:
        """Return what `file` says of `url`. Never raises for the file's sake."""
        names: dict[str, list[str]] = {}
        for _ in range(ROUNDS):
            if file.hopeless >= GIVE_UP:
                return PacAnswer(failure="killed", text="given up after it was ended several times")
            answer = await self._run(
                file, {"op": "pac", "url": url, "host": host, "names": names, "mine": list(mine), "now": self._times()}
            )
            if "need" not in answer:
                return _read(file, answer)
            wanted = [str(name) for name in answer["need"] if name not in names] if isinstance(answer["need"], list) else []
            if not wanted or len(names) + len(wanted) > MAX_NAMES:
                break
            names |= dict(zip(wanted, map(list, await asyncio.gather(*map(lookup, wanted))), strict=True))
        return PacAnswer(failure="too_many_names")

    async def close(self) -> None:
        """End the child, if one runs."""
        await self._child.close()

    def _times(self) -> list[float]:
        """Return local time and GMT in milliseconds, as if both were GMT."""
        now = self._now()
        return [(now + time.localtime(now).tm_gmtoff) * 1000, now * 1000]

    async def _run(self, file: PacFile, request: dict[str, Any]) -> dict[str, Any]:
        async with self._lock:
            try:
                if not self._child.running or self._loaded != (self._child.started, file.digest):
                    await self._child.ask({"script": file.script}, START_S)
                    self._loaded = (self._child.started, file.digest)
            except (OSError, TimeoutError, ValueError) as error:
                return {"error": "fault", "text": f"the child did not start: {type(error).__name__}"}
            try:
                return await self._child.ask(request, ANSWER_S)
            except (OSError, TimeoutError, ValueError):
                return {"error": "killed"}


def _read(file: PacFile, answer: dict[str, Any]) -> PacAnswer:
    found, word = answer.get("found"), str(answer.get("error", "fault"))
    if isinstance(found, str):
        return PacAnswer(found)
    file.hopeless += word in HOPELESS
    reason: Reason = next((one for one in get_args(Reason) if one == word), "fault")
    return PacAnswer(failure=reason, text=str(answer.get("text", ""))[:200])
