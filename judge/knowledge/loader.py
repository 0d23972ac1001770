"""Reads the knowledge's files from `data/`, and the public roots. The only file in `judge/` that reads files; `assembly.py` checks."""

from pathlib import Path

import certifi

from judge.chain import pem_to_der
from judge.knowledge.assembly import assemble
from judge.knowledge.files import KnowledgeError
from judge.knowledge.model import Knowledge

__all__ = ["DATA", "KnowledgeError", "load_knowledge", "public_root_pem"]
DATA = Path(__file__).with_name("data")


def load_knowledge(public_roots: Path | None = None, data: Path = DATA) -> Knowledge:
    """Return the knowledge in `data`; `public_roots` (a PEM file) replaces certifi's roots, for laboratories. Raises KnowledgeError.

    Takes about 110 ms, most of it parsing roots and prefixes: load once per process.
    """

    def read(name: str) -> bytes:
        try:
            return (data / name).read_bytes()
        except OSError as error:
            raise KnowledgeError(f"{name}: {error.strerror}; the knowledge in {data} is not whole, install it again") from None

    return assemble(read, public_root_pem(public_roots))


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
