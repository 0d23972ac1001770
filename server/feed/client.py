"""One request to the endpoint web service, over HTTP: the only file of the feed that speaks to a network. A failure is a value.

TLS is verified by this machine's own roots; no environment variable sends it elsewhere (`trust_env` is off), only `feed.proxy`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp

MAX_BYTES = 4 << 20
"""A hundred times what Worldwide's list is (36 kB, 2025-12)."""
TIMEOUT_S = 30.0
"""For a whole answer; the list is a few packets from a content network near by."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one request: a status with its body, or 0 with the `fault` in words. `retry_after_s`: 0 when not asked.

    `reached` is False when no request can have left.
    """

    status: int
    body: bytes = b""
    retry_after_s: float = 0.0
    fault: str = ""
    reached: bool = True


class Service(Protocol):
    """The endpoint web service."""

    async def get(self, path: str, query: Mapping[str, str]) -> Reply:
        """Return what `path` (as `/version/Worldwide`) answers."""
        ...


class WebService:
    """The service at `url`, by a proxy or directly. A connection for each request: there are two dozen a day."""

    def __init__(self, url: str, proxy: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._proxy = proxy or None
        self._timeout_s = timeout_s

    async def get(self, path: str, query: Mapping[str, str]) -> Reply:
        """Return the reply; raises nothing a network can do."""
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.get(self._url + path, params=dict(query), proxy=self._proxy, allow_redirects=False) as answer,
            ):
                wait = answer.headers.get("Retry-After", "")
                body = bytearray()
                async for piece in answer.content.iter_chunked(1 << 16):
                    body += piece
                    if len(body) > MAX_BYTES:
                        return Reply(0, fault=f"it answers more than {MAX_BYTES >> 20} MiB; is something else at feed.url?")
                return Reply(answer.status, bytes(body), float(wait) if wait.isdecimal() and len(wait) < 9 else 0.0)
        except TimeoutError:
            return Reply(0, fault=f"no whole answer within {self._timeout_s:g} s; check feed.proxy and the firewall")
        except (aiohttp.ClientConnectorError, aiohttp.ClientConnectorCertificateError) as error:
            return Reply(0, fault=_unreached(error), reached=False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Reply(0, fault=f"{type(error).__name__}: {str(error)[:100]}; check feed.url, feed.proxy and the firewall")


def _unreached(error: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError) -> str:
    """Say why there is no connection, and what to do."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        told = getattr(error.certificate_error, "verify_message", "") or type(error.certificate_error).__name__
        why = "the centre's own way out is inspected, or this machine lacks public roots"
        return f"its certificate is not to be trusted ({told}): {why}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {error.host} is not known; check feed.url, feed.proxy and this machine's DNS"
    return f"{error.host}:{error.port} cannot be reached ({error.os_error.strerror}); check feed.url, feed.proxy and the firewall"
