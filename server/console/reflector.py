"""The reflector: tells an agent how its request arrived: from which address, with which headers, in which order and case.

It answers `{"address": ..., "headers": ["Name: value", ...]}`, with the nonce the agent sent and, where the operator gave a table, who
announces the address; and keeps nothing. With a key it signs the body (Ed25519, base64 in SIGNATURE): what a device answers in its
place, or changes on the way, shows itself. A device that adds, drops, renames or reorders headers shows itself by the difference
(facts/interception: the header canary catches Squid, tinyproxy and sslsplit, not mitmproxy).
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from server.console.origins import Origins

MAX_HEADERS = 64
PATH = "/reflect"
SIGNATURE = "X-Middlewatch-Signature"
Sign = Callable[[bytes], bytes]
"""Signs a body: `Ed25519PrivateKey.sign`."""
_NONCE = re.compile(r"[A-Za-z0-9_-]{1,64}")


def nonce_of(query: Mapping[str, Sequence[str]]) -> str:
    """Return the nonce of a query, empty when there is none that may be said back."""
    nonce = next(iter(query.get("nonce", ())), "")
    return nonce if _NONCE.fullmatch(nonce) else ""


class Reflector:
    """Answers with what it saw of a request. Without `sign` the answer is not signed."""

    def __init__(self, sign: Sign | None = None, origins: Origins | None = None) -> None:
        self._sign = sign
        self._origins = origins or Origins()

    async def reflect(self, request: web.Request) -> web.Response:
        """Answer one request."""
        headers = [f"{name.decode('latin-1')}: {value.decode('latin-1')}"[:256] for name, value in request.raw_headers[:MAX_HEADERS]]
        told: dict[str, object] = {"address": request.remote or "", "headers": headers}
        if nonce := nonce_of({"nonce": request.query.getall("nonce", [])}):
            told["nonce"] = nonce
        if (origin := self._origins.find(request.remote or "")) is not None:
            told |= {"asn": origin.number, "as_name": origin.name}
        body = json.dumps(told).encode()
        fields = {"Cache-Control": "no-store"}
        if self._sign is not None:
            fields[SIGNATURE] = base64.b64encode(self._sign(body)).decode()
        return web.Response(body=body, content_type="application/json", charset="utf-8", headers=fields)

    def add(self, app: web.Application) -> None:
        """Add the reflector to an application."""
        app.router.add_get(PATH, self.reflect)
