"""Asks the child (`agent/child.py`) about chains, plans and roots, and remembers its answers. No cryptography is imported here.

One child at a time, shared by all requests of a round; it ends after `idle_s` without one, so its memory does. A failure of the child
is the word `unchecked`, never an exception.
"""

import asyncio
import base64
import hashlib
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from agent.line_child import LineChild
from wire.codec import content_id
from wire.facts import ChainTrust
from wire.plan import Envelope
from wire.report import Roots

_DAY_S = 86_400.0
"""How long an answer holds: certificates expire and bundles are updated by the day, not by the minute."""
_HOUR_S = 3600.0
_MAX_ANSWERS = 1024
"""Five times the 200 targets a plan may have; an answer is about 300 bytes."""
_REST_S = 60.0
"""After a child failed, none is started for a cycle's default length: a broken child must not cost a process start per probe."""

_Key = tuple[tuple[str, ...], str]


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
        self._timeout_s = timeout_s
        self._now, self._now_ns = now, now_ns
        self._child = LineChild(command, idle_s)
        self._answers: OrderedDict[_Key, tuple[float, ChainTrust]] = OrderedDict()
        self._lock = asyncio.Lock()
        self._rest_until = float("-inf")
        self._signed: dict[tuple[str, str], float] = {}
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

    async def added_roots(self, os_pem: str = "") -> dict[str, Any]:
        """Return `{"roots", "added"}` of `agent/added_roots.py`, or `{"error": sentence}`. `os_pem` as macOS prints its keychain."""
        request = {
            "op": "roots",
            "os_roots": self._os_roots,
            "public_roots": self._public_roots,
            "os_pem": "" if self._os_roots else os_pem,
        }
        async with self._lock:
            return await self._ask(request)

    async def check_answer(self, key: str, statement: bytes, body: bytes, signature: str) -> Literal["", "ok", "bad", "absent"]:
        """Return whether `body` bears the signature of `key` (both base64); empty without a key or when the child could not say.

        A statement that was signed within the last hour is not checked again: it says the same, and a child costs 0.3 s.
        """
        if not key or not signature:
            return "absent" if key else ""
        known = (key, content_id(statement))
        async with self._lock:
            if self._now() - self._signed.get(known, float("-inf")) < _HOUR_S:
                return "ok"
            plain = await self._ask({"op": "signature", "body": _text(body), "signature": signature, "key": key})
            if plain.get("ok") is True:
                self._signed = {one: at for one, at in self._signed.items() if self._now() - at < _HOUR_S} | {known: self._now()}
                return "ok"
        return "bad" if plain.get("ok") is False else ""

    def overrides(self) -> Roots:
        """Return the hashes of overriding bundles for `Cycle.roots`; empty for a default one. Raises OSError for an unreadable file."""
        return Roots(os=_file_hash(self._os_roots), public=_file_hash(self._public_roots))

    async def close(self) -> None:
        """End the child, if one runs, and wait for it."""
        await self._child.close()

    @property
    def started(self) -> int:
        """Return how many children were started so far."""
        return self._child.started

    async def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the child's answer, or `{"error": sentence}`."""
        if self._now() < self._rest_until:
            return {"error": f"child: failed less than {_REST_S:.0f} s ago; chains are not checked until then"}
        try:
            return await self._child.ask(request, self._timeout_s)
        except (OSError, TimeoutError, ValueError) as error:
            self._rest_until = self._now() + _REST_S
            return {"error": f"child: {type(error).__name__} while checking; chains are not checked for {_REST_S:.0f} s"}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _file_hash(path: str | None) -> str:
    """Return the hash `wire.facts.ChainTrust` uses of a bundle file: SHA-256, 16 hex characters; empty for none."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16] if path else ""
