"""Plans as signed envelopes: keys made, plans checked and signed. Agents check with the public half only."""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key
from pydantic import ValidationError

from wire.plan import Envelope, Plan


class BadPlan(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The plan or the key cannot be used; the text says why."""


def make_key(file: Path) -> str:
    """Write a new Ed25519 private key (PEM, readable by its owner only) and return the line for an agent's `[plan.keys]`."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(pem)
    return f'{key_id(key)} = "{public_text(key)}"'


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public half, 32 bytes in standard base64."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def key_id(key: Ed25519PrivateKey) -> str:
    """Return the first 16 hex characters of the SHA-256 of the public half."""
    return hashlib.sha256(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def sign_plan(plan: bytes, key_pem: bytes) -> bytes:
    """Return the envelope of a checked plan, as JSON. Raises BadPlan."""
    try:
        checked = Plan.model_validate_json(plan)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadPlan(f"{'.'.join(str(part) for part in first['loc']) or 'plan'}: {first['msg']}") from None
    try:
        key = load_pem_private_key(key_pem, None)
    except (ValueError, TypeError):
        raise BadPlan("the key file holds no PEM private key; make one with middlewatch-server plan key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadPlan("the key is not an Ed25519 key; make one with middlewatch-server plan key")
    body = checked.dump().decode()
    signature = base64.b64encode(key.sign(body.encode())).decode()
    return Envelope(body=body, key_id=key_id(key), signature=signature).dump()
