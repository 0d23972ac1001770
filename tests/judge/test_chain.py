"""Holds judge/chain.py: what OpenSSL says of a chain in our words, and that no bytes make it raise."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.chain import Roots, build, covers, names_cover, pem_to_der, roots_hash, verify, verify_twice
from tests.fakes.pki import END, NOW, PUBLIC, Authority, Style, name

HOST = "outlook.office365.com"
ROOT = Authority(name(O="Lab", CN="Lab Root"), "chain root")
ISSUER = Authority(name(O="Lab", CN="Lab Issuer"), "chain issuer", ROOT)
LEAF = ISSUER.leaf(HOST)
PLAIN = Authority(name(O="Contoso", CN="Contoso CA"), "chain plain", plain=True)
ROOTS = Roots([ROOT.der])
NONE = Roots([])


def test_trusted() -> None:
    """A chain that leads to a root, in its time and for its name, is trusted, whatever junk is sent along."""
    assert verify([LEAF, ISSUER.der], HOST, ROOTS, NOW) == "trusted"
    assert verify([LEAF, b"junk", PLAIN.der, ROOT.der, ISSUER.der], HOST, ROOTS, NOW) == "trusted"


def test_customer_authority_without_key_usage() -> None:
    """A customer's authority without keyUsage and key identifiers is accepted, as OpenSSL accepts it."""
    assert verify([PLAIN.leaf(HOST, Style(("SAN",)))], HOST, Roots([PLAIN.der]), NOW) == "trusted"


def test_intermediate_as_anchor() -> None:
    """An anchor need not be self-signed."""
    assert verify([LEAF], HOST, Roots([ISSUER.der]), NOW) == "trusted"


def test_words_for_failures() -> None:
    """Each way a chain fails has its word, and an unknown root is told from a missing issuer."""
    assert verify([LEAF, ISSUER.der, ROOT.der], HOST, NONE, NOW) == "no_root"
    assert verify([ROOT.der], HOST, NONE, NOW) == "no_root"
    assert verify([LEAF], HOST, ROOTS, NOW) == "incomplete"
    assert verify([LEAF, ISSUER.der], HOST, ROOTS, END + timedelta(days=1)) == "expired"
    assert verify([LEAF, ISSUER.der], HOST, ROOTS, datetime(2020, 1, 1, tzinfo=UTC)) == "expired"
    assert verify([LEAF, ISSUER.der], "teams.microsoft.com", ROOTS, NOW) == "name"
    assert verify([], HOST, ROOTS, NOW) == "unchecked"


def test_timeless() -> None:
    """Without a time validity is not asked: the centre judges it apart."""
    old = ISSUER.leaf(HOST, Style(PUBLIC.extensions, validity=timedelta(days=1)))
    assert verify([old, ISSUER.der], HOST, ROOTS, NOW) == "expired"
    assert verify([old, ISSUER.der], HOST, ROOTS, None) == "trusted"


def test_known_intermediate_completes() -> None:
    """An intermediate known from elsewhere completes a chain its server left incomplete."""
    assert verify([LEAF], HOST, ROOTS, NOW, [ISSUER.der]) == "trusted"


def test_altered_signature_is_not_trusted() -> None:
    """A leaf whose last byte was changed has a wrong signature and is not trusted."""
    assert verify([LEAF[:-1] + bytes([LEAF[-1] ^ 1]), ISSUER.der], HOST, ROOTS, NOW) == "policy"


def test_leaf_for_clients_only() -> None:
    """A leaf whose extendedKeyUsage lacks serverAuth fails by policy; pyOpenSSL alone would accept it."""
    from cryptography import x509  # noqa: PLC0415 - only this test builds an odd certificate
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415

    builder = x509.CertificateBuilder().subject_name(name(CN=HOST)).issuer_name(ISSUER.subject).serial_number(7)
    builder = builder.public_key(ISSUER.key.public_key()).not_valid_before(NOW).not_valid_after(END)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    leaf = builder.sign(ISSUER.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    assert verify([leaf, ISSUER.der], HOST, ROOTS, NOW + timedelta(days=1)) == "policy"


def test_root_that_only_this_machine_knows_reads_no_root() -> None:
    """A device that sends its leaf alone: the OS store completes the chain, so the public check knows it is complete."""
    device = Authority(name(CN="Device CA"), "chain device")
    leaf = [device.leaf(HOST)]
    assert verify(leaf, HOST, ROOTS, NOW) == "incomplete"
    assert verify_twice(leaf, HOST, Roots([ROOT.der, device.der]), ROOTS, NOW) == ("trusted", "no_root")


def test_verify_twice_on_a_clean_path() -> None:
    """Both stores accept a public chain; both say so when the name is wrong."""
    assert verify_twice([LEAF, ISSUER.der], HOST, ROOTS, ROOTS, NOW) == ("trusted", "trusted")
    assert verify_twice([LEAF, ISSUER.der], "other.example", ROOTS, ROOTS, NOW) == ("name", "name")


@pytest.mark.parametrize(
    ("pattern", "host", "expected"),
    [
        ("outlook.office365.com", "OUTLOOK.office365.com.", True),
        ("*.office365.com", "outlook.office365.com", True),
        ("*.office365.com", "a.outlook.office365.com", False),
        ("*.office365.com", "office365.com", False),
        ("out*.office365.com", "outlook.office365.com", False),
        ("*.com", "office365.com", False),
        ("*", "office365", False),
        ("", "office365.com", False),
    ],
)
def test_names(pattern: str, host: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """A wildcard is one whole left-most label, and never reaches a top-level domain."""
    assert names_cover([pattern], host) is expected


def test_covers_addresses_and_rubbish() -> None:
    """An address is not matched by DNS names, and what is no certificate covers nothing."""
    assert not covers(LEAF, "192.0.2.1")
    assert not covers(b"", HOST)
    assert covers(LEAF, HOST)


def test_roots_from_pem() -> None:
    """A bundle's good certificates are used, its rubbish is left out, and its hash is of its bytes."""
    bundle = b"# comment\n" + ROOT.pem + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + PLAIN.pem
    roots = Roots.from_pem(bundle)
    assert pem_to_der(bundle) == [ROOT.der, PLAIN.der]
    assert (len(roots), roots.fingerprint) == (2, roots_hash(bundle))
    assert len(roots_hash(b"")) == 16


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=64), max_size=3), st.integers(0, 10_000), st.integers(1, 255), st.text(max_size=20))
def test_never_raises(junk: list[bytes], place: int, flip: int, host: str) -> None:
    """Neither random bytes nor a good chain with one changed byte makes the engine raise, and a changed leaf is never trusted for it."""
    damaged = bytearray(LEAF)
    damaged[place % len(damaged)] ^= flip
    assert build([*junk, LEAF], ROOTS, NOW).trust in {"trusted", "policy", "incomplete", "unchecked", "no_root", "expired"}
    assert verify([bytes(damaged), ISSUER.der, *junk], HOST, ROOTS, NOW) != "trusted"
    assert verify([LEAF, bytes(damaged), *junk], host, ROOTS, NOW, junk) in {"incomplete", "name", "policy", "trusted"}
