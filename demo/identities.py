"""Certificates for mutual TLS between the demo's own programs and a real broker: one authority, made anew at each start. No socket here."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from demo.authority import Authority, Key, Shelf, authority_key, key_usage, name, new_key, signed

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a program is: PEM files of its certificate and key."""

    certificate: Path
    key: Path


class Identities:
    """`ca` is the authority's certificate. `readable` lets a broker that gives up its rights read its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority: Authority = Shelf(folder, datetime.now(UTC)).authority("ca and key", name(CN="Middlewatch demo uplink"))
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self._authority.pem)

    def issue(self, common_name: str, address: str = "") -> Identity:
        """Return the identity with this common name; one with an address is a server's."""
        key = new_key()
        usage = ExtendedKeyUsageOID.SERVER_AUTH if address else ExtendedKeyUsageOID.CLIENT_AUTH
        own = x509.IPAddress(ipaddress.ip_address(address)) if address else x509.DNSName(common_name)
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage(sign_certificates=False), True),
            (x509.ExtendedKeyUsage([usage]), False),
            (x509.SubjectAlternativeName([own]), False),
            (authority_key(self._authority.key), False),
        ]
        now = datetime.now(UTC)
        issuer = self._authority.certificate.subject
        made = signed(name(CN=common_name), issuer, key, self._authority.key, (now - _DAY, now + 365 * _DAY), extensions)
        found = Identity(self._folder / f"{common_name}.pem", self._folder / f"{common_name}.key")
        found.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        found.key.touch(mode=0o600)
        found.key.write_bytes(_pem(key))
        return found


def _pem(key: Key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
