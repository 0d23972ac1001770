"""Reads the knowledge's files from `data/`, a signed bundle over them, and the public roots. The only file in `judge/` that reads files.

What the bytes must hold is `bundle.py`'s and `assembly.py`'s to check.
"""

from collections.abc import Mapping
from pathlib import Path

import certifi

from judge.chain import pem_to_der
from judge.knowledge.assembly import FILES, assemble
from judge.knowledge.bundle import DATES, MAX_BYTES, Opened, check_not_older, edition_of, open_bundle
from judge.knowledge.files import KnowledgeError
from judge.knowledge.model import Knowledge

__all__ = ["DATA", "KnowledgeError", "load_bundle", "load_knowledge", "public_root_pem", "read_data"]
DATA = Path(__file__).with_name("data")


def load_knowledge(public_roots: Path | None = None, data: Path = DATA, over: Opened | None = None) -> Knowledge:
    """Return the knowledge in `data`, files of the bundle `over` before those there. Raises KnowledgeError.

    `public_roots` (a PEM file) replaces certifi's roots, for laboratories. Takes about 110 ms, most of it parsing roots and prefixes: load
    once per process.
    """
    newer: Mapping[str, bytes] = over.files if over is not None else {}
    return assemble(lambda name: newer[name] if name in newer else _read(data, name), public_root_pem(public_roots))


def load_bundle(bundle: Path, keys: Mapping[str, bytes], public_roots: Path | None = None, *, edition: int = 0) -> Knowledge:
    """Return the shipped knowledge with a signed bundle over it. Raises KnowledgeError, and then nothing has changed.

    `keys` maps key id to 32 raw bytes. A bundle of an earlier edition than the shipped one, or than `edition`, the one in use, is refused.
    """
    try:
        with bundle.open("rb") as file:
            held = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise KnowledgeError(f"bundle: {bundle}: {error.strerror}; name a file that can be read") from None
    opened = open_bundle(held, keys, FILES)
    check_not_older(opened, edition_of(_read(DATA, DATES)), "what is shipped with this version")
    check_not_older(opened, edition, "what is in use")
    return load_knowledge(public_roots, DATA, opened)


def read_data(folder: Path) -> dict[str, bytes]:
    """Return the data files in a folder by name, to be signed. Raises KnowledgeError; other files are left alone."""
    try:
        return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}
    except OSError as error:
        raise KnowledgeError(f"{error.filename}: {error.strerror}; name a folder whose files can be read") from None


def public_root_pem(path: Path | None = None) -> bytes:
    """Return the PEM of the public roots: certifi's, or those in `path`. Raises KnowledgeError."""
    place = path or Path(certifi.where())
    try:
        bundle = place.read_bytes()
    except OSError as error:
        raise KnowledgeError(f"{place}: {error.strerror}; name a readable PEM file of public roots") from None
    if not pem_to_der(bundle):
        raise KnowledgeError(f"{place}: holds no certificate; write a PEM file of public roots")
    return bundle


def _read(data: Path, name: str) -> bytes:
    try:
        return (data / name).read_bytes()
    except OSError as error:
        raise KnowledgeError(f"{name}: {error.strerror}; the knowledge in {data} is not whole, install it again") from None
