"""The demo's certificate authorities: a public-style root with its issuers, and those of inspecting devices. Made once, kept in a folder.

Keys are random and lie in files that only their owner can read, so that a device keeps its identity over a restart and no laboratory
shares a key with another. Nobody but the demo's own agents, told so by their configuration, trusts any of this. No socket here.
"""

import contextlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID, NameOID

from judge.chain import names_cover

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_ATTRIBUTES = {
    "CN": NameOID.COMMON_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "C": NameOID.COUNTRY_NAME,
    "L": NameOID.LOCALITY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
_YEAR = timedelta(days=365)
_BEGUN = timedelta(days=20)
"""A leaf is 20 days old when it is made: nothing on a real path is brand new, and a clock a little behind still finds it valid."""
_LEAF = timedelta(days=180)
"""Microsoft's leaves live for 100 to 180 days (captures of 2026)."""
_LEFT = timedelta(days=2)
"""A kept leaf with less than this to live is made anew at a start."""
_UNENCRYPTED = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


class UnusableFolder(Exception):  # noqa: N818 - an outcome, named as the outcome
    """A key or certificate cannot be read or written; the text names the file and the remedy."""


def name(**parts: str) -> x509.Name:
    """Return a distinguished name of `CN`, `O`, `OU`, `C`, `L`, `ST`, `emailAddress` in the order given."""
    return x509.Name([x509.NameAttribute(_ATTRIBUTES[key], value) for key, value in parts.items()])


@dataclass(frozen=True, slots=True)
class Style:
    """How leaves are minted: the extensions in their order, whether one RSA key serves every host, how many authorities are sent along."""

    extensions: Sequence[str]
    one_rsa_key: bool = False
    sent: int = 1


PUBLIC = Style(("SAN", "BC", "KU", "EKU", "AKI", "AIA", "policies", "SCT"))
"""As a public authority issues: log timestamps, addresses of the issuer, a policy; one EC key a leaf, the issuer sent, the root not."""
APPLIANCE = Style(("SAN", "BC", "KU", "EKU", "AKI", "SKI"))
"""As an appliance with a key per host mints."""
SQUID = Style(("SAN", "EKU", "BC", "AKI"), one_rsa_key=True, sent=2)
"""As Squid 5.7 mints (laboratory): one RSA key for every host, no timestamps, dates copied from the origin, three certificates sent."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority with its key. `label` names its files; `parent` is None for a root."""

    label: str
    key: Key
    certificate: x509.Certificate
    parent: "Authority | None" = None

    @property
    def der(self) -> bytes:
        """Return the certificate as DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def upwards(self, count: int) -> list["Authority"]:
        """Return this authority and those above it, at most `count`."""
        above = self.parent.upwards(count - 1) if self.parent and count > 1 else []
        return [self, *above] if count else []


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf with its chain as sent (DER, leaf first), and the file with key and chain that `ssl` loads."""

    file: Path
    chain: tuple[bytes, ...]

    @property
    def certificate(self) -> x509.Certificate:
        """Return the leaf itself."""
        return x509.load_der_x509_certificate(self.chain[0])


class Shelf:
    """The folder where keys and certificates are kept, one PEM file each with its key. Two processes may open one folder at once.

    Every method raises UnusableFolder.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder = folder
        self._now = now.astimezone(UTC).replace(microsecond=0)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UnusableFolder(f"authority: {folder} cannot be made ({error.strerror}); name a folder you can write") from None

    def authority(self, label: str, subject: x509.Name, parent: Authority | None = None, *, rsa_key: bool = False) -> Authority:
        """Return the authority of a label: the kept one, or a new one below `parent` (a root without)."""
        file = self.folder / f"{label}.pem"
        if not file.exists():
            key = new_key(rsa_key=rsa_key)
            issuer, signer = (parent.certificate.subject, parent.key) if parent else (subject, key)
            ca = (x509.BasicConstraints(ca=True, path_length=None), True), (key_usage(sign_certificates=True), True)
            identifiers = (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False), (authority_key(signer), False)
            start, end = self._now - 5 * _YEAR, self._now + (10 if parent else 20) * _YEAR
            certificate = signed(subject, issuer, key, signer, (start, end), (*ca, *identifiers))
            _keep(file, [key, certificate])
        key, certificates = _load(file)
        return Authority(label, key, certificates[0], parent)

    def leaf(
        self, issuer: Authority, subject: x509.Name, names: Sequence[str], style: Style, copied: x509.Certificate | None = None
    ) -> Leaf:
        """Return a leaf, valid now, for DNS names (the first names its file): the kept one, or a new one; dates are those of `copied`."""
        file = self.folder / f"{issuer.label} {names[0].replace('*', '_')}.pem"
        start = copied.not_valid_before_utc if copied else self._now - _BEGUN
        end = copied.not_valid_after_utc if copied else start + _LEAF
        if not (file.exists() and self._holds(file, issuer, names, copied)):
            key = self._shared_key(issuer) if style.one_rsa_key else new_key()
            extensions = [(one, False) for one in leaf_extensions(style.extensions, names, key, issuer.key)]
            certificate = signed(subject, issuer.certificate.subject, key, issuer.key, (start, end), extensions)
            _keep(file, [key, certificate, *(one.certificate for one in issuer.upwards(style.sent))], anew=file.exists())
        return Leaf(file, tuple(one.public_bytes(serialization.Encoding.DER) for one in _load(file)[1]))

    def _shared_key(self, issuer: Authority) -> Key:
        file = self.folder / f"{issuer.label} leaves.pem"
        if not file.exists():
            _keep(file, [new_key(rsa_key=True)])
        return _load(file, certificates=0)[0]

    def _holds(self, file: Path, issuer: Authority, names: Sequence[str], copied: x509.Certificate | None) -> bool:
        """Return whether a kept leaf is this issuer's, for these names, and valid for some days more."""
        leaf = _load(file)[1][0]
        try:
            known = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
            mine = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value == authority_key(issuer.key)
        except x509.ExtensionNotFound:
            return False
        lives = leaf.not_valid_before_utc <= self._now < leaf.not_valid_after_utc - _LEFT
        return mine and lives and known == list(names) and (copied is None or leaf.not_valid_after_utc == copied.not_valid_after_utc)


MICROSOFT = {"C": "US", "ST": "WA", "L": "Redmond", "O": "Microsoft Corporation"}
_LEAVES = (
    ("outlook.com", "*.outlook.com", "outlook.office365.com", "*.office365.com", "outlook.office.com", "outlook.cloud.microsoft"),
    ("*.sharepoint.com", "*.sharepoint.apps.mil", "*.svc.ms"),
    ("teams.microsoft.com", "*.teams.microsoft.com", "teams.cloud.microsoft", "*.teams.cloud.microsoft"),
    ("stamp2.login.microsoftonline.com", "login.microsoftonline.com", "*.login.microsoftonline.com", "login.microsoft.com"),
)
"""Which names one leaf of Microsoft's covers; the subject's CN is the first, as sign-in and Exchange have been seen to do."""
_CONTROL = ("*.gstatic.com",)


class PublicAuthorities:
    """A laboratory root and below it issuers with the names of real ones: one on Microsoft's list, one of the control target's operator.

    An issuer's kind of key is what its name says; RSA is made once (0.2 s).
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.root = shelf.authority("public root", name(C="US", O="Lab Public Trust", CN="Lab Public Root"))
        digicert = name(C="US", O="DigiCert Inc", CN="DigiCert Global G2 TLS RSA SHA256 2020 CA1")
        self.microsoft = shelf.authority("public issuer", digicert, self.root, rsa_key=True)
        self.control = shelf.authority("control issuer", name(C="US", O="Google Trust Services", CN="WE2"), self.root)

    def leaf(self, host: str) -> Leaf:
        """Return the leaf with which a front door serves `host`."""
        if names_cover(_CONTROL, host):
            return self._shelf.leaf(self.control, name(CN=_CONTROL[0]), _CONTROL, PUBLIC)
        names = next((one for one in _LEAVES if names_cover(one, host)), (host,))
        return self._shelf.leaf(self.microsoft, name(**MICROSOFT, CN=names[0]), names, PUBLIC)


def new_key(*, rsa_key: bool = False) -> Key:
    """Return a random key: P-256, or RSA-2048."""
    return rsa.generate_private_key(65_537, 2048) if rsa_key else ec.generate_private_key(ec.SECP256R1())


def signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: Key,
    signer: Key,
    valid: tuple[datetime, datetime],
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    """Return a certificate with a random serial. `extensions` are values and whether they are critical, in their order."""
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(valid[0]).not_valid_after(valid[1])
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer, hashes.SHA256())


def leaf_extensions(wanted: Sequence[str], names: Sequence[str], key: Key, signer: Key) -> list[x509.ExtensionType]:
    """Return the extensions of a leaf for DNS `names` by their short names, in the order wanted."""
    made: dict[str, x509.ExtensionType] = {
        "SAN": x509.SubjectAlternativeName([x509.DNSName(one) for one in names]),
        "BC": x509.BasicConstraints(ca=False, path_length=None),
        "KU": key_usage(sign_certificates=False),
        "EKU": x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        "AKI": authority_key(signer),
        "SKI": x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        "AIA": _access(),
        "policies": x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.2"), None)]),
        "SCT": scts(2),
    }
    return [made[one] for one in wanted]


def scts(count: int) -> x509.UnrecognizedExtension:
    """Return an SCT list extension of `count` made-up timestamps that parses (RFC 6962 3.3); nobody verifies it."""
    signature = bytes.fromhex("30440220" + "11" * 32 + "0220" + "22" * 32)
    one = b"\x00" + b"\x33" * 32 + (1_767_225_600_000).to_bytes(8) + b"\x00\x00" + b"\x04\x03" + len(signature).to_bytes(2) + signature
    listed = b"".join(len(one).to_bytes(2) + one for _ in range(count))
    body = len(listed).to_bytes(2) + listed
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])  # DER; two timestamps are 240 bytes
    return x509.UnrecognizedExtension(ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS, b"\x04" + length + body)


def authority_key(key: Key) -> x509.AuthorityKeyIdentifier:
    """Return the identifier of the key that signs."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    """Return the key usage of an authority, or of a server."""
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
    """Return issuer addresses in a reserved domain (RFC 2606): they are looked at, never fetched."""
    places = {
        AuthorityInformationAccessOID.OCSP: "http://ocsp.lab.example/",
        AuthorityInformationAccessOID.CA_ISSUERS: "http://ca.lab.example/ca.crt",
    }
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(method, x509.UniformResourceIdentifier(place)) for method, place in places.items()]
    )


def _keep(file: Path, parts: Sequence[Key | x509.Certificate], *, anew: bool = False) -> None:
    """Write key and certificates whole or not at all; unless `anew`, what another process wrote first stays."""
    scratch = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    pem = b"".join(
        one.public_bytes(serialization.Encoding.PEM) if isinstance(one, x509.Certificate) else one.private_bytes(*_UNENCRYPTED)
        for one in parts
    )
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(pem)
        if anew:
            scratch.replace(file)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(scratch, file)
            scratch.unlink()
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise UnusableFolder(f"authority: {file} cannot be written ({error.strerror}); name a folder you can write") from None


def _load(file: Path, certificates: int = 1) -> tuple[Key, list[x509.Certificate]]:
    """Return the key and the certificates of a kept file, of which there are at least so many."""
    try:
        pem = file.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        found = x509.load_pem_x509_certificates(pem) if certificates else []
    except OSError as error:
        raise UnusableFolder(f"authority: {file} cannot be read ({error.strerror}); name a folder of your own") from None
    except ValueError:
        raise UnusableFolder(f"authority: {file} is not a key with certificates; delete it, and a new one is made") from None
    if not isinstance(key, Key):
        raise UnusableFolder(f"authority: {file} holds a key of another kind; delete it, and a new one is made")
    return key, found
