"""Certificates for tests: the same seed gives the same bytes, so recorded cases can be made again without a difference.

EC keys and signatures are derived from a seed (RFC 6979), the one RSA key is a file; names and extensions are those of the demo.
Nothing here is secret or used outside tests.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from demo import authority
from demo.authority import Key, authority_key, key_usage, leaf_extensions

_RSA_FILE = Path(__file__).with_name("rsa_test_key.pem")
name = authority.name
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2049, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def ec_key(seed: str) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of a seed."""
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(seed.encode()).digest()) >> 1, ec.SECP256R1())


def rsa_key() -> rsa.RSAPrivateKey:
    """Return the one RSA-2048 key of all tests."""
    key = serialization.load_pem_private_key(_RSA_FILE.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@dataclass
class Authority:
    """A certificate authority. `plain` ones lack keyUsage and key identifiers, as customers' own often do."""

    subject: x509.Name
    seed: str
    parent: "Authority | None" = None
    plain: bool = False
    rsa: bool = False
    start: datetime = START
    end: datetime = END
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        issuer = self.parent or self
        builder = _builder(self.subject, issuer.subject, self.key, self.seed, self.start, self.end)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=not self.plain)
        if not self.plain:
            builder = builder.add_extension(key_usage(sign_certificates=True), critical=True)
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            builder = builder.add_extension(authority_key(issuer.key), critical=False)
        self.certificate = _sign(builder, issuer.key)

    @property
    def key(self) -> Key:
        """Return the authority's key."""
        return rsa_key() if self.rsa else ec_key(self.seed)

    @property
    def der(self) -> bytes:
        """Return the certificate as DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def leaf(self, host: str, style: "Style | None" = None, *names: str) -> bytes:
        """Return the DER of a leaf for `host` (and `names`) in the style of a public authority or of an inspecting engine."""
        style = style or PUBLIC
        key = rsa_key() if style.key == "rsa" else ec_key(style.key or f"leaf {host}")
        subject = name(**(style.subject or {"CN": host}))
        builder = _builder(subject, self.subject, key, f"{self.seed} {host}", style.start, style.start + style.validity)
        for one in leaf_extensions(style.extensions, (host, *names), key, self.key):
            builder = builder.add_extension(one, critical=False)
        return _sign(builder, self.key).public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Style:
    """How a leaf is minted. `key`: `rsa` for the shared RSA key, else the seed of an EC key, else one key per host."""

    extensions: Sequence[str]
    key: str = ""
    subject: dict[str, str] | None = None
    start: datetime = START
    validity: timedelta = END - START


PUBLIC = Style(("SAN", "BC", "KU", "EKU", "AKI", "AIA", "policies", "SCT"))
"""As a public authority issues: SCTs, AIA, policy (the origin of the laboratory)."""
MITMPROXY = Style(("EKU", "SAN", "AKI"), key="rsa", subject={"CN": "proxied"})
SQUID = Style(("SAN", "EKU", "BC", "AKI"), key="rsa")
SSLSPLIT = Style(("SKI", "AKI", "BC", "KU", "EKU", "SAN"), key="rsa")
"""Leaf fingerprints of minting engines as measured in the laboratory."""


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, seed: str, start: datetime, end: datetime) -> x509.CertificateBuilder:
    serial = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16]) | 1
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(serial).not_valid_before(start).not_valid_after(end)


def _sign(builder: x509.CertificateBuilder, key: Key) -> x509.Certificate:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return builder.sign(key, hashes.SHA256())
