"""Which known product signed a certificate, and the product key of an issuer. Pure look-ups on the catalogue."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from judge.certificate import CertificateFields, DistinguishedName
from judge.knowledge.model import Engine, Product

_ORDER = ("C", "ST", "L", "O", "OU", "CN", "emailAddress")
"""Fixed order of attributes in a product key; others follow in alphabetical order."""
_MAX_KEY = 200
"""`device_key.value` holds 240 characters; longer names are cut and made unique by a hash."""


def match_product(products: Sequence[Product], chain: Sequence[CertificateFields]) -> Product | None:
    """Return the first product whose signature is in the chain (leaf first): its issuer, or what was sent above it."""
    if not chain:
        return None
    leaf, *above = chain
    issuers = [leaf.issuer, *(name for one in above for name in (one.subject, one.issuer))]
    for product in products:
        if not product.enabled:
            continue
        names = [leaf.subject] if product.where == "subject" else issuers
        if any(_matches(product, name) for name in names):
            return product
    return None


def match_engine(engines: Sequence[Engine], leaf: CertificateFields) -> Engine | None:
    """Return the minting engine whose leaves look like this one."""
    for engine in engines:
        if (engine.key_type, engine.key_bits, engine.extensions) == (leaf.key_type, leaf.key_bits, leaf.extensions):
            return engine
    return None


def product_key(name: DistinguishedName, product: Product | None = None) -> str:
    """Return the normalised issuer: NFKC, one blank, lower case, fixed order, then the product's own rules."""
    ranked = sorted(name.parts, key=lambda part: (_ORDER.index(part[0]) if part[0] in _ORDER else len(_ORDER), part[0]))
    text = ",".join(f"{attribute}={' '.join(unicodedata.normalize('NFKC', value).split())}" for attribute, value in ranked).lower()
    for pattern, replacement in product.normalise if product else ():
        text = re.sub(pattern, replacement, text)
    if len(text) > _MAX_KEY:
        text = f"{text[: _MAX_KEY - 17]}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return text


def _matches(product: Product, name: DistinguishedName) -> bool:
    return any(
        all(
            any(attribute in (part, "any") and re.search(pattern, value.strip()) for part, value in name.parts)
            for attribute, pattern in rule.items()
        )
        for rule in product.match
    )
