"""A short-lived child process that answers JSON lines: started when asked, ended when idle, killed when late. It knows no request.

Plain pipes read in a thread, not asyncio's subprocesses: the loop whose sockets have `add_reader` on every system has no subprocesses on
Windows. Who waits in the thread is woken by the kill.
"""

import asyncio
import contextlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

_Process = subprocess.Popen[bytes]
_LINE_BYTES = 65_536
"""The longest answer: sixteen times the largest of those there are."""
_LEAVE_S = 10.0
"""A child ends within milliseconds of its input's end; on a machine that is going to sleep it may take longer."""
QUIET = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""On Windows a program of the console would flash up a window."""


class LineChild:
    """One child at a time. It ends `idle_s` after its last answer, so its memory does."""

    def __init__(self, command: Sequence[str], idle_s: float) -> None:
        self._command = tuple(command)
        self._idle_s = idle_s
        self._lock = asyncio.Lock()
        self._child: _Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self.started = 0
        """Children started so far."""

    @property
    def running(self) -> bool:
        """Return whether the next request goes to a child that has answered before."""
        return self._child is not None and self._child.poll() is None

    async def ask(self, request: Mapping[str, Any], limit_s: float) -> dict[str, Any]:
        """Return the child's answer, starting one if none runs, within `limit_s` altogether.

        Raises OSError, TimeoutError and ValueError when it does not answer as it should. It is then gone; the next request starts another.
        """
        async with self._lock:
            self._stay()
            try:
                async with asyncio.timeout(limit_s):
                    if not self.running:
                        await self._end()
                        self._child = self._start()
                    return await asyncio.to_thread(_exchange, self._child, request)
            except BaseException:
                # Gone also when the request was cancelled: a half-read answer would be taken for the next one's.
                await self._end()
                raise
            finally:
                if self._child is not None:
                    self._idle = asyncio.get_running_loop().call_later(self._idle_s, self.end_idle)

    async def close(self) -> None:
        """End the child, if one runs, and wait for it."""
        async with self._lock:
            self._stay()
            await self._end()

    def end_idle(self) -> None:
        """Close the child's input: it ends by itself, and a thread waits for it."""
        child = self._child
        if child is not None and child.stdin is not None and not self._lock.locked():
            self._child = None
            child.stdin.close()
            asyncio.get_running_loop().run_in_executor(None, _gone, child)

    def _start(self) -> _Process:
        self.started += 1
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        return subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=null, creationflags=QUIET)

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()  # nothing happens to one that has ended
        await asyncio.to_thread(_gone, child)


def _gone(child: _Process) -> None:
    """Wait for a child that was killed, or told to end by the end of its input, and give its pipes back."""
    try:
        child.wait(_LEAVE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _exchange(child: _Process | None, request: Mapping[str, Any]) -> dict[str, Any]:
    """Write one line, read one line. Raises OSError or ValueError when the child does not keep to that."""
    if child is None or child.stdin is None or child.stdout is None:
        raise ValueError("child without pipes")
    child.stdin.write(json.dumps(request, separators=(",", ":")).encode() + b"\n")
    child.stdin.flush()
    line = child.stdout.readline(_LINE_BYTES)
    if not line.endswith(b"\n"):
        raise ValueError("no whole line")
    plain = json.loads(line)
    if not isinstance(plain, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a fault of the child's answer, as any unreadable one
    return plain
