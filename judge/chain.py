"""One verification engine for captured chains: OpenSSL's, by pyOpenSSL. Used by the agent's child and by the centre alike.

Trust, time and name are separate questions: OpenSSL builds the path and, when a time is given, checks validity; the name is checked here.
Nothing in this file raises for any bytes. `cryptography`'s own verifier is not used because it refuses customer authorities that
OpenSSL accepts (no keyUsage, non-critical basicConstraints, leaf without AKI; measured).
"""

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from OpenSSL import crypto

from wire.vocabulary import Trust

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME (openssl/x509_vfy.h); pyOpenSSL does not name it."""

_TRUST_OF_ERROR: dict[int, Trust] = {
    2: "incomplete",  # UNABLE_TO_GET_ISSUER_CERT
    9: "expired",  # CERT_NOT_YET_VALID: outside its validity is one word
    10: "expired",  # CERT_HAS_EXPIRED
    18: "no_root",  # DEPTH_ZERO_SELF_SIGNED_CERT
    19: "no_root",  # SELF_SIGNED_CERT_IN_CHAIN
    20: "incomplete",  # UNABLE_TO_GET_ISSUER_CERT_LOCALLY: root or intermediate, OpenSSL cannot tell
    21: "incomplete",  # UNABLE_TO_VERIFY_LEAF_SIGNATURE
}
"""OpenSSL's codes (openssl/x509_vfy.h); any other is `policy`."""

_MAX_SENT = 16
"""As many certificates as `wire.facts.WebFacts.chain` holds; a longer chain is cut, not refused."""

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def roots_hash(bundle: bytes) -> str:
    """Return the first 16 hex characters of the bundle's SHA-256, as `wire.facts.ChainTrust` carries it."""
    return hashlib.sha256(bundle).hexdigest()[:16]


class Roots:
    """A set of trust anchors, parsed once. Making one of 120 roots takes about 10 ms, using it none.

    An anchor need not be self-signed: a customer who installed only the inspecting intermediate trusts it
    (X509_V_FLAG_PARTIAL_CHAIN, as curl does).
    """

    def __init__(self, ders: Iterable[bytes], fingerprint: str = "") -> None:
        """Keep what parses of `ders`; `fingerprint` is the `roots_hash` of the bundle they came from."""
        self.fingerprint = fingerprint
        self._anchors = [anchor for anchor in map(_parse, dict.fromkeys(ders)) if anchor is not None]
        self._timeless = self._store(_NO_CHECK_TIME)
        self._timed: tuple[datetime, crypto.X509Store] | None = None

    def __len__(self) -> int:
        return len(self._anchors)

    @classmethod
    def from_pem(cls, bundle: bytes) -> "Roots":
        """Return the roots of a PEM bundle; blocks that are not certificates are left out."""
        return cls(pem_to_der(bundle), roots_hash(bundle))

    def store(self, at: datetime | None) -> crypto.X509Store:
        """Return a store that checks validity at `at` (UTC), or not at all when it is None.

        A store's time can be set once only: OpenSSL keeps the first and says nothing (X509_VERIFY_PARAM_inherit). Another time costs
        another store, 0.3 ms for 120 roots.
        """
        if at is None:
            return self._timeless
        if self._timed is None or self._timed[0] != at:
            store = self._store(0)
            store.set_time(at)
            self._timed = at, store
        return self._timed[1]

    def _store(self, flags: int) -> crypto.X509Store:
        store = crypto.X509Store()
        store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN | flags)
        for anchor in self._anchors:
            store.add_cert(anchor)
        return store


@dataclass(frozen=True, slots=True)
class Path:
    """What OpenSSL made of a chain: the word, and the verified path leaf first (DER) when the word is `trusted`."""

    trust: Trust
    path: tuple[bytes, ...] = ()


def pem_to_der(bundle: bytes) -> list[bytes]:
    """Return the DER of each certificate in a PEM bundle that parses."""
    found = []
    for block in _PEM.findall(bundle):
        try:
            found.append(crypto.dump_certificate(crypto.FILETYPE_ASN1, crypto.load_certificate(crypto.FILETYPE_PEM, block)))
        except crypto.Error:
            continue
    return found


def verify(chain: Sequence[bytes], host: str, roots: Roots, at: datetime | None, intermediates: Sequence[bytes] = ()) -> Trust:
    """Return how `chain` (DER, leaf first) stands against `roots` for `host` at `at` (UTC; None: validity is not asked).

    `intermediates` are certificates known from elsewhere that may complete the chain. Of several faults the first in this order is told:
    path, validity, policy, name. An empty chain is `unchecked`.
    """
    built = build(chain, roots, at, intermediates)
    if built.trust == "trusted" and not covers(chain[0], host):
        return "name"
    return built.trust


def build(chain: Sequence[bytes], roots: Roots, at: datetime | None, intermediates: Sequence[bytes] = ()) -> Path:
    """Return the path from the leaf to an anchor, whatever the name, or why there is none. Never raises."""
    if not chain:
        return Path("unchecked")
    leaf = _parse(chain[0])
    if leaf is None:
        return Path("policy")
    extra = [parsed for parsed in map(_parse, [*chain[1:_MAX_SENT], *intermediates]) if parsed is not None]
    try:
        path = crypto.X509StoreContext(roots.store(at), leaf, extra).get_verified_chain()
    except crypto.X509StoreContextError as error:
        return Path(_TRUST_OF_ERROR.get(int(error.errors[0]), "policy"))
    except Exception:  # noqa: BLE001 - hostile bytes; whatever OpenSSL dislikes about them is its policy
        return Path("policy")
    if not _for_servers(chain[0]):
        return Path("policy")
    return Path("trusted", tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, one) for one in path))


def verify_twice(chain: Sequence[bytes], host: str, os: Roots, public: Roots, at: datetime) -> tuple[Trust, Trust]:
    """Return the words for the OS store and for the public roots.

    Servers rightly leave out the root, so a chain that ends below an unknown root looks `incomplete` to OpenSSL. When the OS store
    completes it, that path is given to the second check too: a root only this machine knows then reads `no_root`, as it is.
    """
    built = build(chain, os, at)
    first: Trust = "name" if built.trust == "trusted" and not covers(chain[0], host) else built.trust
    return first, verify(chain, host, public, at, built.path)


def covers(leaf: bytes, host: str) -> bool:
    """Return whether the leaf's subjectAltName covers `host`: exactly, or by one left-most wildcard label (RFC 9525 6.3)."""
    try:
        names = x509.load_der_x509_certificate(leaf).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        try:
            return ipaddress.ip_address(host) in names.get_values_for_type(x509.IPAddress)
        except ValueError:
            return names_cover(names.get_values_for_type(x509.DNSName), host)
    except Exception:  # noqa: BLE001 - malformed certificates raise late and in many types (measured)
        return False


def names_cover(names: Iterable[str], host: str) -> bool:
    """Return whether DNS names of a certificate cover `host`, as `covers` does."""
    return any(_matches(name, host) for name in names)


def _matches(pattern: str, host: str) -> bool:
    pattern, host = pattern.lower().rstrip("."), host.lower().rstrip(".")
    if pattern == host:
        return True
    first, _, rest = pattern.partition(".")
    return first == "*" and "." in rest and host.partition(".")[2] == rest


def _for_servers(leaf: bytes) -> bool:
    """Return whether an extendedKeyUsage, if there is one, allows serverAuth: the check OpenSSL makes by purpose, not set by pyOpenSSL."""
    try:
        usage = x509.load_der_x509_certificate(leaf).extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
    except x509.ExtensionNotFound:
        return True
    except Exception:  # noqa: BLE001 - as above
        return False
    allowed = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    return isinstance(usage, x509.ExtendedKeyUsage) and any(one in allowed for one in usage)


def _parse(der: bytes) -> crypto.X509 | None:
    try:
        return crypto.load_certificate(crypto.FILETYPE_ASN1, der)
    except Exception:  # noqa: BLE001 - any bytes may come; what does not parse is left out
        return None
