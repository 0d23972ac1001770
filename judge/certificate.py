"""DER to the fields a judgement needs. Every field is read alone: a malformed certificate fails late, field by field (measured).

No verdict here and no trust: `judge/chain.py` does that.
"""

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

Field = TypeVar("Field")

_EMAIL = "1.2.840.113549.1.9.1"  # PKCS#9 emailAddress has no RFC 4514 short name
_LABELS = {
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: "SAN",
    ExtensionOID.BASIC_CONSTRAINTS: "BC",
    ExtensionOID.KEY_USAGE: "KU",
    ExtensionOID.EXTENDED_KEY_USAGE: "EKU",
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER: "AKI",
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: "SKI",
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS: "AIA",
    ExtensionOID.CERTIFICATE_POLICIES: "policies",
    ExtensionOID.CRL_DISTRIBUTION_POINTS: "CRL",
    ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS: "SCT",
}
"""Short names of extensions, as the engine fingerprints spell them; others are dotted."""
_DOTTED = {known.dotted_string: label for known, label in _LABELS.items()}


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A subject or issuer as (attribute, value) pairs in certificate order; attributes are CN, O, OU, C, emailAddress or dotted."""

    parts: tuple[tuple[str, str], ...] = ()

    def first(self, attribute: str) -> str:
        """Return the first value of an attribute, or an empty string."""
        return next((value for name, value in self.parts if name == attribute), "")

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.parts)


@dataclass(frozen=True, slots=True)
class CertificateFields:
    """What one certificate says. A field that cannot be read holds its empty value and is named in `unreadable`.

    `sct_count` is the number of embedded signed certificate timestamps; None when extensions cannot be read. Hashes are lower-case hex.
    """

    sha256: str
    subject: DistinguishedName = DistinguishedName()
    issuer: DistinguishedName = DistinguishedName()
    serial: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    spki_sha256: str = ""
    key_type: str = ""
    key_bits: int = 0
    names: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    sct_count: int | None = None
    aia_hosts: tuple[str, ...] = ()
    ocsp_hosts: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    is_ca: bool | None = None
    aki: str = ""
    ski: str = ""
    unreadable: tuple[str, ...] = ()

    @property
    def self_issued(self) -> bool:
        """Return whether subject and issuer are the same name."""
        return bool(self.subject.parts) and self.subject == self.issuer


class _Reader:
    """Reads one field at a time and remembers which could not be read."""

    def __init__(self) -> None:
        self.unreadable: list[str] = []

    def __call__(self, field: str, read: Callable[[], Field], otherwise: Field) -> Field:
        try:
            return read()
        except Exception:  # noqa: BLE001 - ValueError, TypeError, UnsupportedAlgorithm and more, late and anywhere (measured)
            self.unreadable.append(field)
            return otherwise


def read_certificate(der: bytes) -> CertificateFields:
    """Return the fields of one certificate. Never raises; costs about 130 us (measured).

    Real devices break X.520's bounds (Cloudflare's common name has 67 characters, PortSwigger's country 11): a warning of the library about
    it is no reason to lose a name.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _read(der)


def _read(der: bytes) -> CertificateFields:
    sha256 = hashlib.sha256(der).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(der)
    except Exception:  # noqa: BLE001 - ValueError and InvalidVersion are known, more may come
        return CertificateFields(sha256, unreadable=("certificate",))
    read = _Reader()
    extensions: dict[str, x509.Extension[x509.ExtensionType]] = read(
        "extensions", lambda: {one.oid.dotted_string: one for one in certificate.extensions}, {}
    )
    broken = "extensions" in read.unreadable
    key_type, key_bits = read("key", lambda: _key(certificate), ("", 0))
    return CertificateFields(
        sha256,
        subject=read("subject", lambda: _name(certificate.subject), DistinguishedName()),
        issuer=read("issuer", lambda: _name(certificate.issuer), DistinguishedName()),
        serial=read("serial", lambda: f"{certificate.serial_number:x}", ""),
        not_before=read("not_before", lambda: certificate.not_valid_before_utc, None),
        not_after=read("not_after", lambda: certificate.not_valid_after_utc, None),
        spki_sha256=read("spki", lambda: _spki(certificate), ""),
        key_type=key_type,
        key_bits=key_bits,
        names=read("names", lambda: _names(extensions), ()),
        extensions=tuple(sorted(_label(oid) for oid in extensions)),
        sct_count=None if broken else read("scts", lambda: _sct_count(extensions), None),
        aia_hosts=read("aia", lambda: _access(extensions, AuthorityInformationAccessOID.CA_ISSUERS), ()),
        ocsp_hosts=read("ocsp", lambda: _access(extensions, AuthorityInformationAccessOID.OCSP), ()),
        policies=read("policies", lambda: _policies(extensions), ()),
        is_ca=None if broken else read("is_ca", lambda: _is_ca(extensions), None),
        aki=read("aki", lambda: _aki(extensions), ""),
        ski=read("ski", lambda: _ski(extensions), ""),
        unreadable=tuple(read.unreadable),
    )


_Extensions = dict[str, x509.Extension[x509.ExtensionType]]


def _name(name: x509.Name) -> DistinguishedName:
    return DistinguishedName(tuple((_attribute(one), str(one.value)) for one in name))


def _attribute(one: x509.NameAttribute[str | bytes]) -> str:
    return "emailAddress" if one.oid.dotted_string == _EMAIL else one.rfc4514_attribute_name


def _label(oid: str) -> str:
    return _DOTTED.get(oid, oid)


def _value(extensions: _Extensions, oid: x509.ObjectIdentifier) -> x509.ExtensionType | None:
    found = extensions.get(oid.dotted_string)
    return found.value if found else None


def _spki(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519", 256
    if isinstance(key, ed448.Ed448PublicKey):
        return "Ed448", 456
    return type(key).__name__, 0


def _names(extensions: _Extensions) -> tuple[str, ...]:
    value = _value(extensions, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    return tuple(value.get_values_for_type(x509.DNSName)) if isinstance(value, x509.SubjectAlternativeName) else ()


def _sct_count(extensions: _Extensions) -> int:
    value = _value(extensions, ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS)
    return len(list(value)) if isinstance(value, x509.PrecertificateSignedCertificateTimestamps) else 0


def _access(extensions: _Extensions, method: x509.ObjectIdentifier) -> tuple[str, ...]:
    value = _value(extensions, ExtensionOID.AUTHORITY_INFORMATION_ACCESS)
    if not isinstance(value, x509.AuthorityInformationAccess):
        return ()
    locations = [one.access_location for one in value if one.access_method == method]
    hosts = (urlsplit(one.value).hostname for one in locations if isinstance(one, x509.UniformResourceIdentifier))
    return tuple(dict.fromkeys(host for host in hosts if host))


def _policies(extensions: _Extensions) -> tuple[str, ...]:
    value = _value(extensions, ExtensionOID.CERTIFICATE_POLICIES)
    return tuple(one.policy_identifier.dotted_string for one in value) if isinstance(value, x509.CertificatePolicies) else ()


def _is_ca(extensions: _Extensions) -> bool:
    value = _value(extensions, ExtensionOID.BASIC_CONSTRAINTS)
    return isinstance(value, x509.BasicConstraints) and value.ca


def _aki(extensions: _Extensions) -> str:
    value = _value(extensions, ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
    return value.key_identifier.hex() if isinstance(value, x509.AuthorityKeyIdentifier) and value.key_identifier else ""


def _ski(extensions: _Extensions) -> str:
    value = _value(extensions, ExtensionOID.SUBJECT_KEY_IDENTIFIER)
    return value.digest.hex() if isinstance(value, x509.SubjectKeyIdentifier) else ""
