"""Holds judge/knowledge/products.py: who is recognised by which name, and the key made of a name."""

import pytest

from judge.certificate import CertificateFields, DistinguishedName
from judge.knowledge.loader import load_knowledge
from judge.knowledge.products import match_product, product_key

KNOWLEDGE = load_knowledge()


def dn(**parts: str) -> DistinguishedName:
    """Return a distinguished name."""
    return DistinguishedName(tuple(parts.items()))


def product_of(issuer: DistinguishedName, subject: DistinguishedName | None = None) -> str | None:
    """Return the id of the product whose name signs."""
    leaf = CertificateFields("x", subject or dn(CN="outlook.office365.com"), issuer)
    found = match_product(KNOWLEDGE.products, [leaf])
    return found.id if found else None


@pytest.mark.parametrize(
    ("issuer", "product"),
    [
        (dn(O="Zscaler Inc.", CN="Zscaler Intermediate Root CA (zscloud.net) (t) "), "zscaler"),
        (dn(O="Contoso", CN="ca.contoso.goskope.com"), "netskope"),
        (dn(O="Contoso", emailAddress="certadmin@netskope.com"), "netskope"),
        (dn(O="Blue Coat Systems", CN="proxy"), "bluecoat"),
        (dn(CN="McAfee Web Gateway"), "mcafee-gateway"),
        (dn(CN="Forcepoint Cloud CA", O="Forcepoint LLC"), "forcepoint-cloud"),
        (dn(O="Cisco", CN="Cisco Umbrella Secondary SubCA ams-SG"), "umbrella"),
        (dn(O="Fortinet", CN="FGT60E"), "fortinet"),
        (dn(CN="Sophos SSL CA_C1234", O="Sophos"), "sophos-firewall"),
        (dn(CN="sophosutm Proxy CA", O="sophosutm"), "sophos-utm"),
        (dn(CN="Gateway CA - Cloudflare Managed G1 0123", O="Cloudflare, Inc."), "cloudflare-gateway"),
        (dn(CN="SonicWALL Firewall DPI-SSL", O="SonicWALL Inc."), "sonicwall"),
        (dn(CN="ContentKeeper Appliance CA (123)", O="ContentKeeper Technologies"), "contentkeeper"),
        (dn(CN="IWSS.TREND"), "trend-iwss"),
        (dn(CN="x", emailAddress="mobile@huawei.com"), "huawei"),
        (dn(CN="avast! Web/Mail Shield Root"), "avast"),
        (dn(CN="ESET SSL Filter CA", O="ESET, spol. s r. o."), "eset"),
        (dn(CN="mitmproxy", O="mitmproxy"), "mitmproxy"),
        (dn(CN="Charles Proxy CA (1 Jan 2026, laptop)", O="XK72 Ltd"), "charles"),
        (dn(CN="DO_NOT_TRUST_FiddlerRoot"), "fiddler"),
        (dn(CN="PAN-FW-1"), "palo-alto"),
        (dn(CN="AVG Web/Mail Shield Root"), "avg"),
        (dn(CN="Menlo Security Intermediate CA", O="Menlo Security Inc."), "menlo"),
        (dn(CN="Fireware HTTPS Proxy"), "watchguard-inspection"),
        (dn(CN="iboss Network Security"), "iboss"),
        (dn(CN="Skyhigh CA"), None),
        (dn(CN="Cisco ASA"), "cisco"),
        (dn(CN="DigiCert Global Root G2", O="DigiCert Inc"), None),
        (dn(CN="Contoso CA", O="Contoso"), None),
        (dn(CN="Not Zscaler Inc.", O="Not Zscaler Inc."), None),
        (dn(CN="San Francisco CA"), None),
    ],
)
def test_issuers(issuer: DistinguishedName, product: str | None) -> None:
    """Each signature hits its product, and names that only contain a vendor's letters hit none."""
    assert product_of(issuer) == product


def test_rewritten_subject() -> None:
    """Zscaler under a customer's own intermediate is known by the subject it writes, both parts of it."""
    assert product_of(dn(CN="Contoso CA"), dn(CN="x", O="Zscaler Inc.", OU="Zscaler Inc.")) == "zscaler-subject"
    assert product_of(dn(CN="Contoso CA"), dn(CN="www.zscaler.com", O="Zscaler Inc.")) is None


def test_grades() -> None:
    """What is recalled is off, and what was sighted once names a vendor as possible only."""
    assert not [one.id for one in KNOWLEDGE.products if one.grade == "D" and one.enabled]
    assert not [one.id for one in KNOWLEDGE.products if one.grade == "C" and not one.broad]
    assert {one.grade for one in KNOWLEDGE.engines} == {"L"}


def test_catalogue() -> None:
    """Every product of the catalogue has one row of its own, those without an authority of their own too."""
    unsigned = {one.id for one in KNOWLEDGE.products if not one.match}
    assert {"squid", "tinyproxy", "defender-cloud-apps", "entra-gsa", "checkpoint", "cisco-wsa", "umbrella-dns"} <= unsigned
    assert len({one.device_class for one in KNOWLEDGE.products}) >= 10
    squid = KNOWLEDGE.product("squid")
    assert squid is not None
    assert squid.device_class == "proxy"
    assert KNOWLEDGE.product("nobody") is KNOWLEDGE.product(None) is None


def key(issuer: DistinguishedName) -> str:
    """Return the product key as the judge makes it."""
    return product_key(issuer, match_product(KNOWLEDGE.products, [CertificateFields("x", dn(CN="x"), issuer)]))


def test_what_varies_is_left_out_of_the_key() -> None:
    """Points of presence, clouds' throw-away marks, tenants, serials and dates do not make another product."""
    assert key(dn(O="Cisco", CN="Cisco Umbrella Secondary SubCA ams-SG")) == key(dn(O="Cisco", CN="Cisco Umbrella Secondary SubCA lax-SG"))
    cloud = "Zscaler Intermediate Root CA (zscalerone.net)"
    assert key(dn(O="Zscaler Inc.", CN=f"{cloud} (t) ")) == key(dn(O="Zscaler Inc.", CN=cloud))
    assert key(dn(O="Zscaler Inc.", CN=cloud)) != key(dn(O="Zscaler Inc.", CN="Zscaler Intermediate Root CA (zscloud.net)"))
    assert key(dn(CN="Charles Proxy CA (a, b)", O="XK72 Ltd")) == key(dn(O="XK72 Ltd", CN="Charles Proxy CA (c, d)"))
    assert key(dn(CN="Sophos SSL CA_C1", O="Sophos")) == key(dn(CN="Sophos SSL CA_C2", O="Sophos"))


def test_key_is_normalised_and_bounded() -> None:
    """Case, blanks, width and order do not matter; a long name is cut and stays unique."""
    assert (
        product_key(dn(CN="Contoso  CA ", O="\uff23ontoso")) == product_key(dn(O="Contoso", CN="contoso ca")) == "o=contoso,cn=contoso ca"
    )
    long = [product_key(dn(CN="x" * 300 + end)) for end in "ab"]
    assert long[0] != long[1]
    assert max(map(len, long)) <= 200
    assert product_key(DistinguishedName()) == ""
