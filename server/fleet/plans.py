"""Plans as signed envelopes: keys made, plans checked and signed. Agents check with the public half only."""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key
from pydantic import ValidationError

from judge.coverage import bypass_names
from judge.knowledge.endpoints import Instance
from judge.knowledge.model import Knowledge
from judge.knowledge.targets import BadTenant, optimize_prefixes, targets_for
from wire.plan import Envelope, Plan
from wire.target import DIRECT, SYSTEM


class BadPlan(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The plan cannot be used; the text says why."""


class BadKey(BadPlan):
    """The key cannot be used; the text says why."""


def make_key(file: Path) -> str:
    """Write a new Ed25519 private key (PEM, readable by its owner only) and return the line for an agent's `[plan.keys]`."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(pem)
    return f'{key_id(key)} = "{public_text(key)}"'


def make_plan(knowledge: Knowledge, instance: Instance, tenant: str) -> bytes:
    """Return an instance's default plan as JSON to be looked over, changed and signed. Raises BadPlan for what is no tenant's name."""
    try:
        targets = targets_for(knowledge, instance, tenant)
        names = bypass_names(knowledge.instances[instance], tenant)
    except BadTenant as bad:
        raise BadPlan(str(bad)) from None
    plan = Plan(version=1, targets=targets, routes=[DIRECT, SYSTEM], prefixes=optimize_prefixes(knowledge, instance), names=names)
    return (json.dumps(plan.model_dump(mode="json", exclude_defaults=True), indent=1) + "\n").encode()


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public half, 32 bytes in standard base64."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def key_id(key: Ed25519PrivateKey) -> str:
    """Return the first 16 hex characters of the SHA-256 of the public half."""
    return hashlib.sha256(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def sign_plan(plan: bytes, key_pem: bytes) -> bytes:
    """Return the envelope of a checked plan, as JSON. Raises BadPlan and BadKey."""
    key = private_key(key_pem)
    try:
        checked = Plan.model_validate_json(plan)
        unknown = list(_unknown(json.loads(plan), checked.model_dump(mode="json", exclude_unset=True)))
        if unknown:
            raise BadPlan(f"{unknown[0]}: a plan has no such field; remove it, or look for a spelling mistake")
        body = checked.dump().decode()
        return Envelope(body=body, key_id=key_id(key), signature=base64.b64encode(key.sign(body.encode())).decode()).dump()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadPlan(f"{'.'.join(str(part) for part in first['loc']) or 'plan'}: {first['msg']}") from None


def private_key(pem: bytes) -> Ed25519PrivateKey:
    """Return the key of a PEM file's bytes. Raises BadKey."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it asks for a password
        raise BadKey("holds no PEM private key without a password; make one with middlewatch-server plan key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey("is not an Ed25519 key; make one with middlewatch-server plan key")
    return key


def _unknown(given: Any, taken: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Give the places of what the schema ignored: agents must, for newer plans; an operator's slip must not pass."""
    if isinstance(given, dict) and isinstance(taken, dict):
        for name, value in given.items():
            where = f"{place}.{name}" if place else name
            if name not in taken:
                yield where
            else:
                yield from _unknown(value, taken[name], where)
    elif isinstance(given, list) and isinstance(taken, list):
        for index, (one, kept) in enumerate(zip(given, taken, strict=False)):
            yield from _unknown(one, kept, f"{place}.{index}")
