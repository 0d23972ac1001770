"""Asks the child (`agent/child.py`) about chains and plans, and remembers its answers. No cryptography is imported here.

One child at a time, shared by all requests of a round; it ends after `idle_s` without one, so its memory does. A failure of the child
is the word `unchecked`, never an exception.
"""

import asyncio
import base64
import hashlib
import json
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wire.codec import content_id
from wire.facts import ChainTrust
from wire.plan import Envelope
from wire.report import Roots

_DAY_S = 86_400.0
"""How long an answer holds: certificates expire and bundles are updated by the day, not by the minute."""
_MAX_ANSWERS = 1024
"""Five times the 200 targets a plan may have; an answer is about 300 bytes."""
_REST_S = 60.0
"""After a child failed, none is started for a cycle's default length: a broken child must not cost a process start per probe."""

_Key = tuple[tuple[str, ...], str]
_Child = asyncio.subprocess.Process


class Checker:
    """`os_roots` and `public_roots` are paths of PEM bundles that override the defaults (local `[trust]`, never a plan)."""

    def __init__(
        self,
        os_roots: str | None = None,
        public_roots: str | None = None,
        timeout_s: float = 10.0,
        *,
        idle_s: float = 5.0,
        now: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.time_ns,
        command: Sequence[str] = (sys.executable, "-m", "agent.child"),
    ) -> None:
        """`timeout_s`: start of the child (0.3 s measured on an idle machine) and one answer together."""
        self._os_roots, self._public_roots = os_roots, public_roots
        self._timeout_s, self._idle_s = timeout_s, idle_s
        self._now, self._now_ns = now, now_ns
        self._command = tuple(command)
        self._answers: OrderedDict[_Key, tuple[float, ChainTrust]] = OrderedDict()
        self._lock = asyncio.Lock()
        self._child: _Child | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._rest_until = float("-inf")
        self.started = 0
        """Children started so far."""
        self.failure = ""
        """Why the last chain could not be checked, as a sentence; empty when it could."""

    async def check(self, chain: Sequence[bytes], host: str) -> ChainTrust:
        """Return both trust results of a captured chain (DER, leaf first); `unchecked` twice when the child could not say."""
        if not chain:
            return ChainTrust(os="unchecked", public="unchecked")
        key = (tuple(content_id(der) for der in chain), host)
        async with self._lock:
            known = self._answers.get(key)
            if known and self._now() - known[0] < _DAY_S:
                self._answers.move_to_end(key)
                return known[1]
            request = {"op": "chain", "chain": [base64.b64encode(der).decode() for der in chain], "host": host, "at_ns": self._now_ns()}
            plain = await self._ask(request | {"os_roots": self._os_roots, "public_roots": self._public_roots})
            self.failure = str(plain.get("error", ""))
            try:
                trust = ChainTrust.model_validate(plain)
            except ValidationError:
                return ChainTrust(os="unchecked", public="unchecked")
            self._answers[key] = (self._now(), trust)
            self._answers.move_to_end(key)
            if len(self._answers) > _MAX_ANSWERS:
                self._answers.popitem(last=False)
            return trust

    async def check_plan(self, envelope: Envelope, keys: Mapping[str, str]) -> str | None:
        """Return None when the signature is good, else a sentence. `keys`: key id to 32 raw Ed25519 bytes in base64."""
        async with self._lock:
            plain = await self._ask({"op": "plan", "envelope": envelope.model_dump(mode="json"), "keys": dict(keys)})
        return (
            None
            if plain.get("ok") is True
            else str(plain.get("error", "plan: the signature could not be checked; the plan is not applied"))
        )

    def overrides(self) -> Roots:
        """Return the hashes of overriding bundles for `Cycle.roots`; empty for a default one. Raises OSError for an unreadable file."""
        return Roots(os=_file_hash(self._os_roots), public=_file_hash(self._public_roots))

    async def close(self) -> None:
        """End the child, if one runs, and wait for it."""
        async with self._lock:
            await self._end(self._child)

    async def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the child's answer, or `{"error": sentence}`. Starts the child when none runs; call it under the lock."""
        if self._now() < self._rest_until:
            return {"error": f"child: failed less than {_REST_S:.0f} s ago; chains are not checked until then"}
        if self._idle is not None:
            self._idle.cancel()
        child = self._child
        try:
            async with asyncio.timeout(self._timeout_s):
                if child is None or child.returncode is not None:
                    child = self._child = await self._start()
                return await _exchange(child, request)
        except (OSError, TimeoutError, ValueError) as error:
            self._rest_until = self._now() + _REST_S
            await self._end(child)
            return {"error": f"child: {type(error).__name__} while checking; chains are not checked for {_REST_S:.0f} s"}
        except asyncio.CancelledError:
            await self._end(child)  # a half-read answer would be taken for the next one's
            raise
        finally:
            if self._child is not None:
                self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._end_idle)

    async def _start(self) -> _Child:
        self.started += 1
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        return await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, stderr=null)

    def _end_idle(self) -> None:
        """Close the child's input: it ends by itself, and asyncio reaps it."""
        if self._child is not None and self._child.stdin is not None and not self._lock.locked():
            self._child.stdin.close()
            self._child = None

    async def _end(self, child: _Child | None) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._child = None
        if child is None:
            return
        if child.returncode is None:
            child.kill()
        await child.wait()


async def _exchange(child: _Child, request: Mapping[str, Any]) -> dict[str, Any]:
    """Write one line, read one line. Raises OSError or ValueError when the child does not keep to that."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("child without pipes")
    child.stdin.write(json.dumps(request, separators=(",", ":")).encode() + b"\n")
    await child.stdin.drain()
    plain = json.loads(await child.stdout.readline())
    if not isinstance(plain, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a fault of the child's answer, as any unreadable one
    return plain


def _file_hash(path: str | None) -> str:
    """Return the hash `wire.facts.ChainTrust` uses of a bundle file: SHA-256, 16 hex characters; empty for none."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16] if path else ""
