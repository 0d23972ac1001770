"""A short-lived child process that answers JSON lines: started when asked, ended when idle, killed when late. It knows no request."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

_Process = asyncio.subprocess.Process


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
        return self._child is not None and self._child.returncode is None

    async def ask(self, request: Mapping[str, Any], limit_s: float) -> dict[str, Any]:
        """Return the child's answer, starting one if none runs, within `limit_s` altogether.

        Raises OSError, TimeoutError and ValueError when it does not answer as it should. It is then gone; the next request starts another.
        """
        async with self._lock:
            self._stay()
            try:
                async with asyncio.timeout(limit_s):
                    if not self.running:
                        self._child = await self._start()
                    return await _exchange(self._child, request)
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
        """Close the child's input: it ends by itself, and asyncio reaps it."""
        if self._child is not None and self._child.stdin is not None and not self._lock.locked():
            self._child.stdin.close()
            self._child = None

    async def _start(self) -> _Process:
        self.started += 1
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        return await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, stderr=null)

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        await child.wait()


async def _exchange(child: _Process | None, request: Mapping[str, Any]) -> dict[str, Any]:
    """Write one line, read one line. Raises OSError or ValueError when the child does not keep to that."""
    if child is None or child.stdin is None or child.stdout is None:
        raise ValueError("child without pipes")
    child.stdin.write(json.dumps(request, separators=(",", ":")).encode() + b"\n")
    await child.stdin.drain()
    plain = json.loads(await child.stdout.readline())  # at most 64 KiB, asyncio's own limit
    if not isinstance(plain, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a fault of the child's answer, as any unreadable one
    return plain
