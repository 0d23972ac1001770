"""Which intermediary a captured chain points to: its keys, class and vendor. Pure.

`instance` (the issuing authority's key) and `product` (its normalised name) identify a device; `engine` only describes how leaves are
made and is shared by every installation. A vendor is named by a signature in the chain; an engine, or a signature that may be a
customer's own name, is "possible".
"""

from judge.certificate import CertificateFields
from judge.examined import Captured
from judge.finding import Device, DeviceKey
from judge.knowledge.model import Knowledge, Product
from judge.knowledge.products import match_engine, match_product, product_key
from judge.signals.issuer import product_weight


def device_of(one: Captured, knowledge: Knowledge) -> Device:
    """Return the device that minted a chain. Call it for chains already judged not to be the server's own."""
    product = match_product(knowledge.products, one.chain)
    engine = match_engine(knowledge.engines, one.leaf)
    keys = _keys(one, product)
    issuer = str(one.leaf.issuer)
    if product is not None and not product.broad:
        weight = product_weight(product, knowledge)
        return Device(keys, product.device_class, product.vendor, product.product, None, weight, product.scope, issuer)
    if product is not None:
        weight = product_weight(product, knowledge)
        return Device(keys, product.device_class, None, None, product.product, weight, product.scope, issuer)
    if engine is not None:
        return Device(keys, engine.device_class, None, None, engine.possible, knowledge.product_weights["engine"], "unknown", issuer)
    return Device(keys, issuer=issuer)


def instance_value(chain: tuple[CertificateFields, ...]) -> str:
    """Return what the issuing key is recognised by: its SPKI SHA-256 from the chain, else the leaf's AKI, else nothing."""
    leaf = chain[0]
    if leaf.self_issued:
        return leaf.spki_sha256
    issuing = next((above for above in chain[1:] if above.subject == leaf.issuer and above.spki_sha256), None)
    if issuing is not None:
        return issuing.spki_sha256
    return f"aki-{leaf.aki}" if leaf.aki else ""


def engine_value(one: Captured) -> str:
    """Return the fingerprint of how the leaf was made: key, extensions, length of the chain, ALPN. Dates are left out: they drift."""
    leaf = one.leaf
    return f"{leaf.key_type}-{leaf.key_bits}|{'+'.join(leaf.extensions)}|{len(one.chain)}|{one.facts.alpn or '-'}"[:240]


def _keys(one: Captured, product: Product | None) -> tuple[DeviceKey, ...]:
    instance, name = instance_value(one.chain), product_key(one.leaf.issuer, product)
    keys = [DeviceKey("instance", instance)] if instance else []
    keys += [DeviceKey("product", name)] if name else []
    if product is not None and product.first_key == "product":
        keys.reverse()
    return (*keys, DeviceKey("engine", engine_value(one)))
