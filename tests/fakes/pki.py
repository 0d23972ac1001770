"""Certificates for tests: the same seed gives the same bytes, so recorded cases can be made again without a difference.

EC keys and signatures are derived from a seed (RFC 6979), the one RSA key is a file. Nothing here is secret or used outside tests.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_RSA_FILE = Path(__file__).with_name("rsa_test_key.pem")
_ATTRIBUTES = {
    "CN": NameOID.COMMON_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "C": NameOID.COUNTRY_NAME,
    "L": NameOID.LOCALITY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2049, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def name(**parts: str) -> x509.Name:
    """Return a distinguished name of `CN`, `O`, `OU`, `C`, `L`, `ST`, `emailAddress` in the order given."""
    return x509.Name([x509.NameAttribute(_ATTRIBUTES[key], value) for key, value in parts.items()])


def ec_key(seed: str) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of a seed."""
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(seed.encode()).digest()) >> 1, ec.SECP256R1())


def rsa_key() -> rsa.RSAPrivateKey:
    """Return the one RSA-2048 key of all tests."""
    key = serialization.load_pem_private_key(_RSA_FILE.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def scts(count: int) -> x509.UnrecognizedExtension:
    """Return an SCT list extension of `count` made-up timestamps that parses (RFC 6962 3.3); nobody verifies it."""
    signature = bytes.fromhex("30440220" + "11" * 32 + "0220" + "22" * 32)
    one = b"\x00" + b"\x33" * 32 + (1_767_225_600_000).to_bytes(8) + b"\x00\x00" + b"\x04\x03" + len(signature).to_bytes(2) + signature
    listed = b"".join(len(one).to_bytes(2) + one for _ in range(count))
    body = len(listed).to_bytes(2) + listed
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])  # DER; two timestamps are 240 bytes
    return x509.UnrecognizedExtension(ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS, b"\x04" + length + body)


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
            builder = builder.add_extension(_usage(sign_certificates=True), critical=True)
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            builder = builder.add_extension(_authority_key(issuer.key), critical=False)
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
        alternatives = x509.SubjectAlternativeName([x509.DNSName(one) for one in (host, *names)])
        extensions: dict[str, x509.ExtensionType] = {
            "SAN": alternatives,
            "BC": x509.BasicConstraints(ca=False, path_length=None),
            "KU": _usage(sign_certificates=False),
            "EKU": x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            "AKI": _authority_key(self.key),
            "SKI": x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
            "AIA": _access(),
            "policies": x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.2"), None)]),
            "SCT": scts(2),
        }
        for one in style.extensions:
            builder = builder.add_extension(extensions[one], critical=False)
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


def _authority_key(key: Key) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _access() -> x509.AuthorityInformationAccess:
    return x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.lab.example/")),
            x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca.lab.example/ca.crt")
            ),
        ]
    )
