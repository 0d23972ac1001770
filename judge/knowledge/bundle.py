"""A newer knowledge in one signed file: bytes in, checked files out. Pure; `loader.py` reads it, the server's command line signs it.

The file is JSON: `{"format": 1, "manifest": TEXT, "key_id": ID, "signature": BASE64, "files": {NAME: TEXT}}`. `manifest` is JSON text of
its own, `{"edition": 2026112501, "as_of": "2026-11-25", "files": {NAME: SHA-256 in hex}}`; the signature is Ed25519 over its characters in
UTF-8, so it covers every byte of every file. A bundle may hold some of the files; the others stay as shipped. `manifest.toml` is always
in it.
"""

import base64
import hashlib
import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from judge.knowledge.files import KnowledgeError

MAX_BYTES = 8 << 20
"""8 MiB: what is shipped is 400 kB, most of it prefixes."""
DATES = "manifest.toml"
"""The one file every bundle has: edition and date of the whole."""
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Edition = Annotated[int, Field(ge=2_000_000_000, le=9_999_999_999)]
"""Ten digits that only rise: date and a number of the day, as Microsoft's endpoint versions have them."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Manifest(_Part):
    """What is signed."""

    edition: Edition
    as_of: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    files: Annotated[dict[str, Digest], Field(min_length=1, max_length=64)]


class _Envelope(_Part):
    format: Literal[1]
    manifest: str
    key_id: Annotated[str, Field(min_length=1, max_length=64)]
    signature: Annotated[str, Field(max_length=128)]
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle whose signature and digests are right. The rows are not checked yet: `assembly.assemble` does that."""

    edition: int
    as_of: str
    key_id: str
    files: Mapping[str, bytes]


def manifest_of(files: Mapping[str, bytes], known: Collection[str]) -> str:
    """Return the manifest to be signed for these files, as its exact text. Raises KnowledgeError."""
    if DATES not in files:
        raise KnowledgeError(f"{DATES}: is not among the files; write it with edition and as_of")
    _check_names(files, known)
    dates = _dates(files[DATES])
    manifest = Manifest(edition=dates[0], as_of=dates[1], files={name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)})
    return json.dumps(manifest.model_dump(), sort_keys=True, separators=(",", ":"))


def pack(files: Mapping[str, bytes], manifest: str, key_id: str, signature: bytes) -> bytes:
    """Return the bundle of files, manifest and signature over the manifest. Raises KnowledgeError for what is not UTF-8 text."""
    envelope = _Envelope.model_construct(
        format=1,
        manifest=manifest,
        key_id=key_id,
        signature=base64.b64encode(signature).decode(),
        files={name: _text(name, files[name]) for name in sorted(files)},
    )
    return envelope.model_dump_json().encode()


def open_bundle(data: bytes, keys: Mapping[str, bytes], known: Collection[str]) -> Opened:
    """Return the files of a bundle signed by one of `keys` (id to 32 raw bytes). `known`: names of data files. Raises KnowledgeError.

    The signature is checked before anything in the files or the manifest is looked at.
    """
    if len(data) > MAX_BYTES:
        raise KnowledgeError(f"bundle: {len(data)} bytes, more than the cap of {MAX_BYTES}; is this the right file?")
    try:
        envelope = _Envelope.model_validate_json(data)
    except ValidationError as error:
        raise KnowledgeError(f"bundle: {_first(error)}; make it with middlewatch-server knowledge sign") from None
    _check_signature(envelope, keys)
    try:
        manifest = Manifest.model_validate_json(envelope.manifest)
    except ValidationError as error:
        raise KnowledgeError(f"bundle: manifest: {_first(error)}") from None
    files = {name: text.encode() for name, text in envelope.files.items()}
    _check_files(files, manifest, known)
    return Opened(manifest.edition, manifest.as_of, envelope.key_id, files)


def check_not_older(opened: Opened, edition: int, what: str) -> None:
    """Refuse a bundle of an earlier edition than what is in use. Raises KnowledgeError."""
    if opened.edition < edition:
        raise KnowledgeError(f"bundle: edition {opened.edition} is older than {what}, {edition}; take a newer bundle")


def edition_of(dates: bytes) -> int:
    """Return the edition `manifest.toml` names. Raises KnowledgeError."""
    return _dates(dates)[0]


def _check_signature(envelope: _Envelope, keys: Mapping[str, bytes]) -> None:
    raw = keys.get(envelope.key_id)
    if raw is None:
        trusted = ", ".join(sorted(keys)) or "none"
        raise KnowledgeError(
            f"bundle: signed with key {envelope.key_id!r}, which is not trusted here (trusted: {trusted}); see knowledge.keys"
        )
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(envelope.signature, validate=True), envelope.manifest.encode())
    except (InvalidSignature, ValueError):
        raise KnowledgeError(
            f"bundle: the signature is not right for key {envelope.key_id!r}; get the bundle again from who made it"
        ) from None


def _check_files(files: Mapping[str, bytes], manifest: Manifest, known: Collection[str]) -> None:
    for missing in sorted(set(manifest.files) - set(files)):
        raise KnowledgeError(f"bundle: {missing}: is in the manifest, but not in the bundle; get the bundle again")
    for name, data in files.items():
        if name not in manifest.files:
            raise KnowledgeError(f"bundle: {name}: is not in the manifest, so it is not signed; get the bundle again")
        if hashlib.sha256(data).hexdigest() != manifest.files[name]:
            raise KnowledgeError(f"bundle: {name}: its digest is not the manifest's; get the bundle again")
    if DATES not in files:
        raise KnowledgeError(f"bundle: {DATES}: is missing; make the bundle with middlewatch-server knowledge sign")
    _check_names(files, known)
    if _dates(files[DATES]) != (manifest.edition, manifest.as_of):
        raise KnowledgeError(f"bundle: {DATES}: names another edition or date than the manifest; get the bundle again")


def _check_names(files: Mapping[str, bytes], known: Collection[str]) -> None:
    for name in sorted(set(files) - set(known)):
        raise KnowledgeError(f"bundle: {name}: this version of Middlewatch knows no such file; upgrade it, or leave the file out")


def _dates(data: bytes) -> tuple[int, str]:
    try:
        plain = tomllib.loads(data.decode())
        return Manifest(edition=plain["edition"], as_of=plain["as_of"], files={DATES: "0" * 64}).edition, plain["as_of"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{DATES}: not TOML: {error}") from None
    except KeyError as error:
        raise KnowledgeError(f"{DATES}: {error.args[0]} is missing; write edition (ten digits) and as_of (a date)") from None
    except ValidationError as error:
        raise KnowledgeError(f"{DATES}: {_first(error)}; write edition (ten digits) and as_of (a date)") from None


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise KnowledgeError(f"{name}: not UTF-8; write it as UTF-8 text") from None


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])[:120] or 'the whole'}: {first['msg']}"
