"""The agent's side of QUIC: asks the child that speaks it (`quic_child`), one for all requests under way, gone with the last of them.

No QUIC and no cryptography is loaded here. A child that fails or is late is a value with a sentence, like any other failure.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from agent.network.address import mapped
from agent.network.connect import authority_of
from agent.network.net import Exchange, Shaken
from agent.network.settings import Timeouts
from wire.vocabulary import Clock

START_S = 10.0
"""The child needs 0.4 s on an idle machine; an endpoint that just woke up is not idle."""
_LINE_BYTES = 1 << 20
"""A chain of 256 KiB in base64, and a head of 64 KiB as JSON at its worst."""
_LEAVE_S = 2.0
_FAULTS = (OSError, TimeoutError, ValueError, KeyError, TypeError, NotImplementedError)
"""The last is Windows': the loop whose sockets have `add_reader` has no subprocesses there."""
_Process = asyncio.subprocess.Process


class QuicChild:
    """Starts the child when it is needed and ends it when nobody waits for it any more."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "agent.network.quic_child")) -> None:
        self._command = tuple(command)
        self._child: _Process | None = None
        self._users = 0
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._starting, self._reading = asyncio.Lock(), asyncio.Lock()
        self.started = 0
        """Children started so far."""

    async def shake(self, request: Exchange, limits: Timeouts, connect: Mapping[str, str], clock: Clock) -> Shaken:
        """Return what came of one request; a fault of the child is failure `unknown`."""
        target = request.target
        local = request.by.local_for(request.address)
        plain = {
            "local": local,
            "interface": request.by.host if local else "",
            "place": mapped(connect, target.host, request.address, target.port, "/udp"),
            "name": request.sni or target.host,
            "authority": authority_of(request, 443),
            "path": request.path or target.path,
            "limits": (limits.connect_s, limits.first_byte_s),
            "clock": clock,
        }
        try:
            return _shaken(await self._ask(plain, START_S + limits.connect_s + limits.first_byte_s))
        except _FAULTS as error:
            return Shaken(clock, failure="unknown", stage="connect", error=f"{type(error).__name__} of the child that speaks QUIC")

    async def _ask(self, request: Mapping[str, Any], limit_s: float) -> dict[str, Any]:
        """Return the child's answer. Raises what `_FAULTS` lists; the child is gone then, and those who wait with us learn the same."""
        self._users += 1
        try:
            async with asyncio.timeout(limit_s):
                child = await self._running()
                number = next(self._numbers)
                assert child.stdin is not None  # noqa: S101 - it was started with pipes
                child.stdin.write(json.dumps({"id": number, **request}, separators=(",", ":")).encode() + b"\n")
                await child.stdin.drain()
                return await self._answer(child, number)
        except _FAULTS:
            self._kill()
            raise
        finally:
            self._users -= 1
            if not self._users:
                await self._end()

    async def _running(self) -> _Process:
        async with self._starting:
            if self._child is None or self._child.returncode is not None:
                self.started += 1
                self._answers.clear()
                pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
                self._child = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, stderr=null, limit=_LINE_BYTES)
            return self._child

    async def _answer(self, child: _Process, number: int) -> dict[str, Any]:
        """Wait for an answer; whoever holds the lock reads for all."""
        assert child.stdout is not None  # noqa: S101 - it was started with pipes
        while number not in self._answers:
            async with self._reading:
                if number in self._answers:
                    break
                plain = json.loads(await child.stdout.readline())
                self._answers[int(plain["id"])] = plain
        return self._answers.pop(number)

    def _kill(self) -> None:
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()

    async def _end(self) -> None:
        """Close the child's input and see it out; also when this is cut short it does not stay."""
        child, self._child = self._child, None
        if child is None or child.stdin is None:
            return
        child.stdin.close()
        try:
            async with asyncio.timeout(_LEAVE_S):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()


def _shaken(plain: Mapping[str, Any]) -> Shaken:
    """Return a result from the child's line. Raises what `_FAULTS` lists for a line that holds none."""
    fields = dict(plain["shaken"])
    fields["chain"] = tuple(base64.b64decode(der) for der in fields["chain"])
    fields["headers"] = tuple((str(name), str(value)) for name, value in fields["headers"])
    return Shaken(**fields)
