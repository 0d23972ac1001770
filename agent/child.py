"""The short-lived child: chain verification and plan signatures, so that their memory (10 MB) never stays with the agent.

Protocol: one JSON object per line on standard input, one answer per line on standard output, in order; ends at end of input.
`{"op": "chain", "chain": [base64 DER, leaf first], "host", "at_ns", "os_roots"?: path, "public_roots"?: path}` is answered
`{"os", "public", "os_roots", "public_roots", "engine"}` (a `wire.facts.ChainTrust`); `{"op": "plan", "envelope", "keys": {id: base64}}` is
answered `{"ok": true}` or `{"error": sentence}`. `{"op": "roots", "os_roots"?, "public_roots"?, "os_pem"?}` is answered `{"roots",
"added"}` of `agent/added_roots.py`. `{"op": "signature", "body", "signature", "key"}` (all base64) is answered `{"ok": true or false}`.
Any other input is answered `{"error": sentence}`. No sockets.
"""

import base64
import binascii
import json
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import certifi
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent import added_roots
from agent.platform import trust
from agent.platform.linux import BUNDLES
from judge.chain import Roots, pem_to_der, verify, verify_twice


def answer(request: Mapping[str, Any]) -> dict[str, object]:
    """Return the answer to one request. Never raises."""
    operation = OPERATIONS.get(str(request.get("op")))
    if operation is None:
        return {"error": f"child: {request.get('op')!r} is no operation; use {', '.join(OPERATIONS)}"}
    try:
        return operation(request)
    except OSError as error:
        return {"error": f"trust: {error.filename}: {error.strerror}; name a readable PEM file in [trust] os_roots or public_roots"}
    except Exception as error:  # noqa: BLE001 - the agent must get an answer to every line
        return {"error": f"child: {type(error).__name__} in a {request.get('op')} request; this is a fault of the agent, please report it"}


def check_chain(request: Mapping[str, Any]) -> dict[str, object]:
    """Verify one captured chain against the OS store and the public roots. Raises OSError for an unreadable bundle."""
    chain = [base64.b64decode(der) for der in request["chain"]]
    host = str(request["host"])
    at = datetime.fromtimestamp(int(request["at_ns"]) / 1e9, UTC)
    public = _roots(request.get("public_roots") or certifi.where())
    if trust.available() and not request.get("os_roots"):
        words = trust.verify_by_platform(chain, host), verify(chain, host, public, at)
        return {"os": words[0], "public": words[1], "os_roots": "", "public_roots": public.fingerprint, "engine": "truststore"}
    os = _roots(request.get("os_roots") or os_bundle())
    words = verify_twice(chain, host, os, public, at)
    return {"os": words[0], "public": words[1], "os_roots": os.fingerprint, "public_roots": public.fingerprint, "engine": "openssl"}


def os_bundle() -> str:
    """Return the path of this machine's root bundle or directory: OpenSSL's default, then where distributions keep it."""
    paths = ssl.get_default_verify_paths()
    candidates = [paths.cafile, *BUNDLES, paths.capath]
    return next((one for one in candidates if one and Path(one).exists()), BUNDLES[0])


def check_plan(request: Mapping[str, Any]) -> dict[str, object]:
    """Check an envelope's Ed25519 signature (RFC 8032) against the keys the local configuration trusts."""
    envelope, keys = request["envelope"], request["keys"]
    key_id = str(envelope["key_id"])
    if key_id not in keys:
        known = ", ".join(sorted(keys)) or "none"
        return {"error": f"plan: signed by key {key_id!r}, which is not trusted here; trusted keys in [plan] keys: {known}"}
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys[key_id], validate=True))
    except (ValueError, binascii.Error):
        return {"error": f"config: plan.keys.{key_id}: not an Ed25519 public key; write its 32 raw bytes in base64"}
    try:
        key.verify(base64.b64decode(envelope["signature"], validate=True), str(envelope["body"]).encode())
    except (InvalidSignature, ValueError, binascii.Error):
        return {
            "error": f"plan: the signature by key {key_id!r} does not match the plan; it was changed on the way or signed by another key"
        }
    return {"ok": True}


def find_added_roots(request: Mapping[str, Any]) -> dict[str, object]:
    """Compare the machine's store with the public roots. Raises OSError for an unreadable bundle.

    macOS keeps added roots in keychains of their own, which its own program prints; the agent hands that text in as `os_pem`.
    """
    public = pem_to_der(_bundle(request.get("public_roots") or certifi.where()))
    if request.get("os_pem"):
        store: Sequence[bytes] = pem_to_der(str(request["os_pem"]).encode())
    elif request.get("os_roots") or sys.platform != "win32":
        store = pem_to_der(_bundle(request.get("os_roots") or os_bundle()))
    else:
        store = added_roots.windows_store()
    return added_roots.added_roots(store, public)


def check_signature(request: Mapping[str, Any]) -> dict[str, object]:
    """Check an Ed25519 signature; what is no key and no signature is a bad one."""
    body, signature, key = (base64.b64decode(str(request[name])) for name in ("body", "signature", "key"))
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, body)
    except (InvalidSignature, ValueError):
        return {"ok": False}
    return {"ok": True}


OPERATIONS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, object]]] = {
    "chain": check_chain,
    "plan": check_plan,
    "roots": find_added_roots,
    "signature": check_signature,
}


@lru_cache(maxsize=8)
def _roots(path: str) -> Roots:
    """Return the roots of a bundle; parsed once in the child's short life."""
    return Roots.from_pem(_bundle(path))


def _bundle(path: str) -> bytes:
    """Return a PEM file, or a directory's files one after another."""
    place = Path(path)
    files = sorted(one for one in place.iterdir() if one.is_file()) if place.is_dir() else [place]
    return b"\n".join(one.read_bytes() for one in files)


def main() -> int:
    """Answer requests until the end of standard input."""
    for line in sys.stdin.buffer:
        try:
            request = json.loads(line)
        except ValueError:
            request = {"op": "unreadable line"}
        plain = answer(request) if isinstance(request, dict) else {"error": "child: a request is a JSON object"}
        sys.stdout.write(json.dumps(plain, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
