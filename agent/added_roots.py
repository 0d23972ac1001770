"""Which roots of this machine's store are no public ones: somebody added them, and their names tell a product while nothing is inspected.

Runs in the child only. Public is what certifi has today and what public root programs had before (`former_roots.csv`: certifi's releases
of 2014 to 2025 and Debian's of 2023, without today's): distributions keep withdrawn roots for years. Roots are compared by their public
keys, for a root is renewed under the same key.
"""

import csv
import ssl
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from judge.certificate import CertificateFields, read_certificate

MAX_ADDED = 64
"""The cap of `wire.facts.HostFacts.added_roots`."""
MAX_SUBJECT = 256
MICROSOFTS_OWN = (
    "Microsoft Root Certificate Authority",
    "Microsoft Root Authority",
    "Microsoft Authenticode(tm) Root Authority",
    "Microsoft ECC Product Root Certificate Authority",
    "Microsoft Time Stamp Root Certificate Authority",
    "Microsoft Identity Verification Root Certificate Authority",
    "Thawte Timestamping CA",
    "Symantec Enterprise Mobile Root for Microsoft",
)
"""What Windows has in its ROOT store without anybody's doing ("Required trusted root certificates", Microsoft Learn), by common name."""


def added_roots(store: Iterable[bytes], public: Iterable[bytes]) -> dict[str, object]:
    """Return `{"roots": how many, "added": [{"subject", "key", "since"}]}` of a store (DER), the newest first.

    `key` is the SHA-256 of the SubjectPublicKeyInfo, hexadecimal; `since` the ISO date of notBefore. Never raises for any bytes.
    """
    known = {read_certificate(der).spki_sha256 for der in public} | former()
    held = {one.spki_sha256: one for one in map(read_certificate, store) if one.spki_sha256}
    strange = [one for key, one in held.items() if key not in known and not one.subject.first("CN").startswith(MICROSOFTS_OWN)]
    strange.sort(key=lambda one: (_since(one), one.spki_sha256), reverse=True)
    rows = [{"subject": str(one.subject)[:MAX_SUBJECT], "key": one.spki_sha256, "since": _since(one)} for one in strange[:MAX_ADDED]]
    return {"roots": len(held), "added": rows}


@cache
def former() -> frozenset[str]:
    """Return the keys of roots that public root programs once had."""
    text = files("agent").joinpath("former_roots.csv").read_text(encoding="utf-8")
    return frozenset(row["key"] for row in csv.DictReader(text.splitlines()))


def windows_store() -> Sequence[bytes]:
    """Return the roots of Windows' ROOT store (machine and user) that its root program did not bring: those it keeps in AuthRoot."""
    if sys.platform != "win32":
        return ()
    programs = {der for der, _encoding, _trust in ssl.enum_certificates("AuthRoot")}
    return [der for der, _encoding, _trust in ssl.enum_certificates("ROOT") if der not in programs]


def _since(one: CertificateFields) -> str:
    return one.not_before.date().isoformat() if one.not_before else ""
