"""Authorities and leaves of the laboratory: the public ones of the demo's world, and those of devices, in any name and style.

A device's authority is known by its distinguished name: the same row gives the same key for the whole run. Files only; no socket.
"""

import hashlib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from demo.authority import Authority, Key, PublicAuthorities, Shelf, leaf_extensions, new_key, signed

_UNENCRYPTED = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
_ATTRIBUTES = {
    "CN": NameOID.COMMON_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "C": NameOID.COUNTRY_NAME,
    "L": NameOID.LOCALITY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
PUBLIC_LIKE = ("SAN", "BC", "KU", "EKU", "AKI", "AIA", "policies", "SCT")
APPLIANCE = ("SAN", "BC", "KU", "EKU", "AKI", "SKI")


@dataclass(frozen=True, slots=True)
class Make:
    """How a leaf is made. `begins` and `days` count from now; `names` replace the host's own; `sent`: authorities sent along."""

    extensions: Sequence[str] = APPLIANCE
    rsa: bool = False
    one_key: bool = False
    begins: float = -1.0
    days: float = 90.0
    names: Sequence[str] = ()
    subject: tuple[tuple[str, str], ...] = ()
    sent: int = 2


class Mint:
    """All keys of one run, in a folder. `now` is the world's own time, which may not be the machine's."""

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.now = (now or datetime.now(UTC)).replace(microsecond=0)
        self.folder = folder
        self.shelf = Shelf(folder, self.now)
        self.public = PublicAuthorities(self.shelf)
        self._keys: dict[str, Key] = {}
        self._files: dict[tuple[str, str, Make], Path] = {}

    def device(self, dn: Mapping[str, str], *, above: Mapping[str, str] | None = None, rsa: bool = False, generation: int = 1) -> Authority:
        """Return the authority of a distinguished name, below the root named `above` if any; another `generation` has another key."""
        parent = self.device(above) if above else None
        return self.shelf.authority(f"{_label(dn)}-{generation}", distinguished(dn), parent, rsa_key=rsa)

    def leaf(self, issuer: Authority, host: str, make: Make) -> Path:
        """Return the PEM file of key and chain for a host."""
        known = self._files.get((issuer.label, host, make))
        if known is not None:
            return known
        key = self._key(issuer.label if make.one_key else f"{issuer.label} {host}", rsa=make.rsa)
        start = self.now + timedelta(days=make.begins)
        names = [one.format(host=host) for one in make.names] or [host]
        subject = distinguished(dict(make.subject) | {"CN": names[0]})
        extensions = [(one, False) for one in leaf_extensions(make.extensions, names, key, issuer.key)]
        made = signed(subject, issuer.certificate.subject, key, issuer.key, (start, start + timedelta(days=make.days)), extensions)
        chain = [made, *(one.certificate for one in issuer.upwards(make.sent) if make.sent)]
        file = self.folder / f"leaf-{len(self._files)}.pem"
        file.write_bytes(key.private_bytes(*_UNENCRYPTED) + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain))
        self._files[issuer.label, host, make] = file
        return file

    def key_file(self, authority: Authority) -> Path:
        """Return a PEM file with an authority's key, certificate and those above it: what squid, sslsplit and mitmproxy load."""
        file = self.folder / f"{authority.label}-ca.pem"
        chain = b"".join(one.pem for one in authority.upwards(9))
        file.write_bytes(authority.key.private_bytes(*_UNENCRYPTED) + chain)
        file.chmod(0o644)  # Debian's squid and sslsplit give up root before they read; the key is worth nothing outside
        return file

    def _key(self, label: str, *, rsa: bool) -> Key:
        if label not in self._keys:
            self._keys[label] = new_key(rsa_key=rsa)
        return self._keys[label]


def distinguished(parts: Mapping[str, str]) -> x509.Name:
    """Return a distinguished name in the order given; real ones break the rules on lengths, so these may."""
    return x509.Name([x509.NameAttribute(_ATTRIBUTES[key], value, _validate=False) for key, value in parts.items()])


def context(file: Path, alpn: Sequence[str] = (), *, at_most_tls12: bool = False) -> ssl.SSLContext:
    """Return a server context for a leaf; without `alpn` none is chosen."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    if at_most_tls12:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


def _label(dn: Mapping[str, str]) -> str:
    return "device-" + hashlib.sha256(repr(sorted(dn.items())).encode()).hexdigest()[:12]
