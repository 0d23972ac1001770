"""The child that evaluates PAC files: one JSON object per line in, one per line out, ends with its input. No sockets, no files, no names.

`{"script"}` is kept until the next one and answered `{"kept": true}`; `{"op": "pac", "url", "host", "names": {host: [address]}, "mine":
[address], "now": [local ms, GMT ms]}` is answered by what `agent.pac.engine.Engine.ask` returns.
Where the system can, the process limits itself: no file may be opened, little memory, and a second of CPU for each line.
"""

import contextlib
import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from agent.pac.engine import Engine, World

MEMORY_BYTES = 256 << 20
"""Address space, not memory in use: the interpreter alone maps 30 MB (measured), QuickJS may use 32."""
ASKED = 100
"""Questions to one engine before the file is read anew: what it leaves behind in memory must not add up."""
LINE_CPU_S = 2
"""RLIMIT_CPU counts whole seconds: at least one, at most two. Behind QuickJS' own limit, for what that does not reach."""


class Child:
    """Answers requests; keeps the last script, and its engine while that is well."""

    def __init__(self) -> None:
        self._script = ""
        self._engine: Engine | None = None
        self._asked = 0

    def answer(self, request: Mapping[str, Any]) -> dict[str, object]:
        """Return the answer to one request. Never raises."""
        try:
            if "script" in request:
                self._script, self._engine = str(request["script"]), None
                return {"kept": True}
            if request.get("op") != "pac":
                return {"error": "fault", "text": "no such operation; use pac"}
            local, gmt = request["now"]
            world = World(request["names"], request["mine"], (float(local), float(gmt)))
            return self._ask(str(request["url"]), str(request["host"]), world)
        except Exception as error:  # noqa: BLE001 - the agent must get an answer to every line
            return {"error": "fault", "text": type(error).__name__}

    def _ask(self, url: str, host: str, world: World) -> dict[str, object]:
        if self._engine is None or self._asked >= ASKED:
            self._engine, self._asked = Engine(self._script, world), 0
        self._asked += 1
        answer = self._engine.ask(url, host, world)
        if "error" in answer or self._engine.failure is not None:
            self._engine = None
        return answer


def limit_this_process() -> None:
    """Give up what a PAC file needs not: opening files and sockets, writing to disk, other processes, much memory."""
    try:
        import resource  # noqa: PLC0415 - not on Windows, where QuickJS' limits and the parent stand alone
    except ImportError:
        return
    for name, value in (("RLIMIT_AS", MEMORY_BYTES), ("RLIMIT_NOFILE", 3), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some: what can be given up is
            resource.setrlimit(getattr(resource, name), (value, value))


def allow_cpu() -> None:
    """Let the next line use LINE_CPU_S of CPU before the kernel ends this process."""
    try:
        import resource  # noqa: PLC0415 - as above; imported before the limits, so no file is opened
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + LINE_CPU_S - 1, hard))


def main() -> int:
    """Answer requests until the end of standard input."""
    child = Child()
    child.answer({"op": "pac", "url": "", "host": "", "names": {}, "mine": [], "now": [0, 0]})  # whatever is read late is read now
    limit_this_process()
    for line in sys.stdin.buffer:
        allow_cpu()
        try:
            request = json.loads(line)
        except ValueError:
            request = None
        plain = child.answer(request) if isinstance(request, dict) else {"error": "fault", "text": "a request is a JSON object"}
        sys.stdout.write(json.dumps(plain, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
