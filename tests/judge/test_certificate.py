"""Holds judge/certificate.py: every field of a good certificate, and what is left of a damaged one."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.certificate import CertificateFields, DistinguishedName, read_certificate
from tests.fakes.pki import END, MITMPROXY, START, Authority, name

ISSUER = Authority(name(C="US", O="Lab", OU="Unit", CN="Lab Issuer", emailAddress="pki@lab.example"), "certificate issuer")
LEAF = ISSUER.leaf("outlook.office365.com")


def test_public_leaf() -> None:
    """A leaf as public authorities issue gives all its facts."""
    fields = read_certificate(LEAF)
    assert fields.subject == DistinguishedName((("CN", "outlook.office365.com"),))
    assert str(fields.issuer) == "C=US, O=Lab, OU=Unit, CN=Lab Issuer, emailAddress=pki@lab.example"
    assert fields.names == ("outlook.office365.com",)
    assert (fields.key_type, fields.key_bits, fields.sct_count, fields.is_ca) == ("EC", 256, 2, False)
    assert (fields.not_before, fields.not_after) == (START, END)
    assert (fields.aia_hosts, fields.ocsp_hosts, fields.policies) == (("ca.lab.example",), ("ocsp.lab.example",), ("2.23.140.1.2.2",))
    assert fields.extensions == ("AIA", "AKI", "BC", "EKU", "KU", "SAN", "SCT", "policies")
    assert len(fields.spki_sha256) == 64
    assert fields.serial
    assert fields.unreadable == ()


def _minted(common_name: str) -> bytes:
    """Return a leaf of an authority of this name, however long."""
    long = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False)])
    return Authority(long, "long name").leaf("h.example")


def test_a_name_longer_than_allowed_is_read() -> None:
    """Devices write names beyond X.520's bounds: the library warns, and the name is kept."""
    with pytest.warns(UserWarning, match="length must be"):
        leaf = _minted("Gateway CA " * 8)
    fields = read_certificate(leaf)
    assert fields.issuer.first("CN") == "Gateway CA " * 8
    assert fields.unreadable == ()


def test_authority() -> None:
    """An authority says that it is one, and its key identifier is its leaves' authority key identifier."""
    fields = read_certificate(ISSUER.der)
    assert fields.is_ca
    assert fields.self_issued
    assert fields.ski == read_certificate(LEAF).aki != ""


def test_minted_leaf_has_no_timestamps() -> None:
    """Absent timestamps are 0, not unknown."""
    fields = read_certificate(ISSUER.leaf("outlook.office365.com", MITMPROXY))
    assert (fields.sct_count, fields.key_type, fields.key_bits) == (0, "RSA", 2048)
    assert fields.extensions == ("AKI", "EKU", "SAN")


def test_no_certificate() -> None:
    """Bytes that are no certificate still have their hash, and say that nothing could be read."""
    fields = read_certificate(b"rubbish")
    assert fields == CertificateFields(fields.sha256, unreadable=("certificate",))
    assert fields.sct_count is None


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(LEAF) - 1), st.integers(1, 255))
def test_damage_costs_fields_not_the_reading(place: int, flip: int) -> None:
    """A changed byte loses at most the fields it touches, which are named; nothing is raised."""
    damaged = bytearray(LEAF)
    damaged[place] ^= flip
    fields = read_certificate(bytes(damaged))
    assert len(fields.sha256) == 64
    assert fields.sct_count is not None or {"extensions", "certificate", "scts"} & set(fields.unreadable)
