"""Letters to an HTTP address of one's own: JSON, signed, with an idempotency key. The only HTTP client of notifications.

Signature: header `Middlewatch-Signature: t=<Unix seconds>,v1=<hex>`, where hex is HMAC-SHA256 over `<t>.<body>` with the shared secret.
The time is that of sending, so a receiver can refuse what is old; the key is the same however often a letter comes.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import Final

import aiohttp

from server.notify.channel import Outcome, Parcel
from wire.codec import canonical

TIMEOUT_S: Final = 20.0
"""Long enough for a workflow that answers at its end, and below the claim of a letter (60 s)."""
LONGEST_ANSWER: Final = 1 << 16
"""Bytes of an answer that are read, so that the connection ends well; nobody looks at them."""


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """Return the value of the signature header."""
    return f"t={at_s},v1={hmac.new(secret, f'{at_s}.'.encode() + body, hashlib.sha256).hexdigest()}"


def is_signed(secret: bytes, header: str, body: bytes, now_s: int, oldest_s: int = 300) -> bool:
    """Return whether a header signs this body and is not older (or newer) than `oldest_s`: what a receiver does."""
    fields = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    at = fields.get("t", "")
    if not at.isdecimal() or abs(now_s - int(at)) > oldest_s:
        return False
    return hmac.compare_digest(signature(secret, int(at), body), f"t={at},v1={fields.get('v1', '')}")


class Webhook:
    """A channel. `secret` is empty for an address that needs none; `now` gives Unix nanoseconds."""

    def __init__(self, url: str, secret: bytes, now: Callable[[], int], timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._secret = secret
        self._now = now
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._timeout_s = timeout_s

    async def send(self, parcel: Parcel) -> Outcome:
        """Post one letter. Any 2xx took it; redirects are not followed, they would take the secret's signature elsewhere."""
        body = canonical(parcel.plain)
        headers = {"Content-Type": "application/json", "Idempotency-Key": parcel.key, "User-Agent": "Middlewatch"}
        if self._secret:
            headers["Middlewatch-Signature"] = signature(self._secret, self._now() // 10**9, body)
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                await answer.content.read(LONGEST_ANSWER)
                if answer.status // 100 == 2:
                    return Outcome()
                return Outcome(f"it answered {answer.status}", _seconds(answer.headers.get("Retry-After", "")))
        except TimeoutError:
            return Outcome(f"no answer within {self._timeout_s:g} s")
        except aiohttp.ClientSSLError:
            return Outcome("TLS fails; check its certificate")
        except aiohttp.ClientConnectorError as error:
            return Outcome(f"cannot be reached ({error.os_error.strerror or type(error.os_error).__name__})")
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            return Outcome(f"{type(error).__name__} while sending")

    async def close(self) -> None:
        """Hold nothing: each letter has a connection of its own, they are rare."""


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() and len(text) < 7 else 0.0
