"""Processes the demo starts and ends: logs in files, questions as JSON lines, nothing left behind.

A child whose parent dies by SIGKILL ends too: the ones that are asked see the end of their standard input, the others are started through
`setpriv --pdeathsig` (util-linux) where it is there.
"""

import asyncio
import contextlib
import json
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from demo.folder import CannotStart

STOP_SECONDS = 5.0
"""Children end within a second; one that hangs must not keep whoever pressed Ctrl-C."""
READY_SECONDS = 60.0
"""The world makes RSA keys at its first start: 3 s on an idle machine of 2 cores, 15 s on a busy one (measured)."""
LAST_LINES = 5


@asynccontextmanager
async def child(arguments: Sequence[str], log: Path, *, asked: bool = False) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program while the body runs. `asked`: its standard input and output are pipes for `Asking`."""
    tied = [] if asked or shutil.which("setpriv") is None else ["setpriv", "--pdeathsig", "TERM"]
    stdin, stdout = (asyncio.subprocess.PIPE, asyncio.subprocess.PIPE) if asked else (asyncio.subprocess.DEVNULL, None)
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(*tied, *arguments, stdin=stdin, stdout=stdout or file, stderr=file)
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


class Asking:
    """A child that answers each JSON line with one, and said one when it was ready."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self._name, self._process, self._log = name, process, log
        self._turn = asyncio.Lock()

    async def ready(self) -> dict[str, Any]:
        """Return what it says when it is ready. Raises CannotStart."""
        try:
            return await asyncio.wait_for(self._answer(), READY_SECONDS)
        except (TimeoutError, ValueError):
            raise CannotStart(f"demo: the {self._name} does not start; {last_words(self._log)}") from None

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return its answer. Raises ConnectionError when it has ended."""
        async with self._turn:
            try:
                assert self._process.stdin is not None  # noqa: S101 - started with `asked`
                self._process.stdin.write(json.dumps(question).encode() + b"\n")
                await self._process.stdin.drain()
                return await asyncio.wait_for(self._answer(), READY_SECONDS)
            except (ValueError, TimeoutError):
                raise ConnectionError(f"the {self._name} no longer answers") from None

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - started with `asked`
        plain = json.loads(await self._process.stdout.readline())
        if not isinstance(plain, dict):
            raise ValueError("not an object")  # noqa: TRY004 - one answer for all that is no answer
        return plain


def python(module: str, *arguments: object) -> list[str]:
    """Return the command line of one of our own modules in this Python."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def last_words(log: Path) -> str:
    """Return how a child's log ends, as the rest of a sentence."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-LAST_LINES:]
    return "\n".join([f"its last words ({log.name}):", *(f"  {line}" for line in lines)]) if lines else "it said nothing"
