"""Which intermediary a finding points to: its keys, class and vendor. Pure.

A device that mints certificates is recognised by its chain: `instance` (the issuing authority's key) and `product` (its normalised name)
identify it, `engine` only describes how leaves are made and is shared by every installation. One that does not is recognised by what it
leaves behind: header names without version and host (`header`), where it ends connections or which proxy it is (`path`), whose network
traffic leaves by (`egress`), what runs on the machine (`local`). These are weak: all boxes of a make share them.

A vendor is named by a signature in the chain, a token in a header or page, or the product's own word; a fingerprint, a network, a
program that runs or a name that may be a customer's own is "possible".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from judge.certificate import CertificateFields
from judge.examined import Captured
from judge.finding import Device, DeviceKey, Evidence, NamedBy
from judge.knowledge.model import Knowledge, Product
from judge.knowledge.products import match_engine, match_product, product_key
from judge.seen import Seen
from judge.signals.issuer import product_weight
from wire.facts import PathFacts, WebFacts
from wire.vocabulary import Verdict

NAMING: Final[Mapping[str, NamedBy]] = {
    "issuer": "certificate",
    "token": "headers",
    "page": "page",
    "self": "itself",
    "suffix": "itself",
    "tunnel": "itself",
}
"""Families whose evidence may name a vendor (design: chain, header or self-identification). Any other is "possible"."""
_SURELY = 0.97
"""As the family cap of the verdicts: no number of marks is certainty."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What there is to recognise a device by: the chain it minted, if any, the observations, the evidence."""

    chain: Captured | None
    members: Sequence[tuple[int, Seen]]
    evidence: Sequence[Evidence]


def device_for(verdict: Verdict, sight: Sight, knowledge: Knowledge) -> Device | None:
    """Return the device a verdict points to; None when there is none, or nothing it could be told by."""
    if sight.chain is not None and (verdict == "inspected" or (verdict == "blocked" and _own_page(sight))):
        return _named(device_of(sight.chain, knowledge), sight, knowledge)
    make = _MAKERS.get(verdict)
    device = make(sight) if make is not None else None
    return _named(device, sight, knowledge) if device is not None else None


def device_of(one: Captured, knowledge: Knowledge) -> Device:
    """Return the device that minted a chain. Call it for chains already judged not to be the server's own."""
    product = match_product(knowledge.products, one.chain)
    engine = match_engine(knowledge.engines, one.leaf)
    keys = _keys(one, product)
    issuer = str(one.leaf.issuer)
    if product is not None and not product.broad:
        weight = product_weight(product, knowledge)
        return Device(keys, product.device_class, product.vendor, product.product, None, weight, product.scope, issuer, "certificate")
    if product is not None:
        weight = product_weight(product, knowledge)
        return Device(keys, product.device_class, None, None, product.product, weight, product.scope, issuer)
    if engine is not None:
        return Device(keys, engine.device_class, None, None, engine.possible, knowledge.product_weights["engine"], "unknown", issuer)
    return Device(keys, issuer=issuer)


def _named(device: Device, sight: Sight, knowledge: Knowledge) -> Device:
    """Return the device with what evidence besides its chain says of its make. A vendor the chain names stays."""
    if device.vendor:
        return device
    told = [one for one in sight.evidence if one.family in NAMING and one.family != "issuer"]
    naming, weight = _best(told, knowledge)
    if naming is not None:
        return replace(
            device,
            device_class=naming.device_class,
            vendor=naming.vendor,
            product=naming.product,
            possible=None,
            confidence=weight,
            scope=device.scope if device.issuer else naming.scope,
            named_by=NAMING[max((one for one in told if one.product == naming.id), key=lambda one: one.weight).family],
        )
    guess, weight = _best([one for one in sight.evidence if one.family not in NAMING], knowledge)
    if guess is None or device.possible:
        return device
    known = device.device_class if device.device_class != "unknown" else guess.device_class
    return replace(device, device_class=known, possible=guess.product, confidence=max(device.confidence, weight))


def _best(evidence: Sequence[Evidence], knowledge: Knowledge) -> tuple[Product | None, float]:
    """Return the product most evidence points to and how surely: the strongest of each family, combined as independent chances."""
    strongest: dict[str, dict[str, float]] = {}
    for one in evidence:
        if one.product:
            families = strongest.setdefault(one.product, {})
            families[one.family] = max(one.weight, families.get(one.family, 0.0))
    chances = {}
    for name, families in strongest.items():
        missed = 1.0
        for weight in families.values():
            missed *= 1 - weight
        chances[name] = min(round(1 - missed, 4), _SURELY)
    best = max(chances, key=lambda name: (chances[name], name), default="")
    return knowledge.product(best), chances.get(best, 0.0)


def _proxied(sight: Sight) -> Device:
    """Recognise a proxy by its token, by its address where the machine or the plan names it, by the network or tunnel it is in."""
    keys = [*_way_keys(sight), *_token_keys(sight)]
    networks = [one for one in sight.evidence if one.family == "egress" and one.weight > 0]
    keys += [DeviceKey("egress", f"network {one.product}") for one in networks if one.product]
    named = [one for one in sight.evidence if one.family in {"tunnel", "suffix"} and one.weight > 0]
    keys += [DeviceKey("egress", f"service {one.product}") for one in named]
    explicit = any(one.family in {"token", "explicit"} and one.weight > 0 for one in sight.evidence)
    return Device(tuple(dict.fromkeys(keys)), "proxy" if explicit else "unknown")


def _altered(sight: Sight) -> Device | None:
    changes = [one.text for one in sight.evidence if one.signal == "headers_changed"]
    if not changes:
        return None  # a protocol lost, a segment clamped or an answer changed names nobody
    return Device((*_token_keys(sight), DeviceKey("header", _change_key(changes[0]))), "proxy")


def _spliced(sight: Sight) -> Device:
    ends = next((one.facts.ends_at for _, one in sight.members if isinstance(one.facts, PathFacts) and one.facts.ends_at), None)
    return Device((DeviceKey("path", f"ends at hop {ends}" if ends else "ends near"),), "wan-acceleration")


def _redirected(sight: Sight) -> Device:
    signals = [one.signal for one in sight.evidence if one.family == "destination" and one.weight > 0]
    strangers = all(signal.startswith("foreign") for signal in signals)
    return Device((DeviceKey("path", f"dns {signals[0]}"),), "unknown" if strangers else "dns-filter")


def _captive(sight: Sight) -> Device:
    where = sorted({host for _, one in sight.members if isinstance(one.facts, WebFacts) and (host := one.facts.headers.get("location"))})
    keys = (DeviceKey("header", f"portal {where[0]}"[:240]),) if where else ()
    return Device(keys, "captive-portal")


def _blocked(sight: Sight) -> Device | None:
    if not any(one.family in {"page", "refusal"} and one.weight > 0 for one in sight.evidence):
        return None  # silence names nobody
    proxy = any(one.family == "refusal" for one in sight.evidence)
    return Device((*_way_keys(sight), *_token_keys(sight)), "proxy" if proxy else "unknown")


def _own_page(sight: Sight) -> bool:
    """Return whether a block page came under a certificate of the device's own."""
    page = any(one.family == "page" and one.weight > 0 for one in sight.evidence)
    return page and sight.chain is not None and sight.chain.centre != "trusted"


_MAKERS: Final[Mapping[Verdict, Callable[[Sight], Device | None]]] = {
    "proxied": _proxied,
    "altered": _altered,
    "spliced": _spliced,
    "redirected": _redirected,
    "captive": _captive,
    "blocked": _blocked,
}


def _token_keys(sight: Sight) -> list[DeviceKey]:
    """Return a key for each product that names itself in headers or pages, without version and host."""
    named = [one.product for one in sight.evidence if one.family in {"token", "page"} and one.product and one.weight > 0]
    return [DeviceKey("header", f"token {name}") for name in dict.fromkeys(named)]


def _way_keys(sight: Sight) -> list[DeviceKey]:
    """Return a key for each proxy that was spoken to: by its address where that is known, else by the route's name in the plan."""
    if not any(one.family in {"explicit", "refusal"} for one in sight.evidence):
        return []
    vias = [str(via) for _, one in sight.members if "proxy " in str(via := getattr(one.facts, "via", None))]
    named = [f"proxy {via.partition('proxy ')[2]}"[:240] for via in dict.fromkeys(vias)]
    return [DeviceKey("path", one) for one in named or [f"proxy by {sight.members[0][1].facts.route}"]]


def _change_key(text: str) -> str:
    """Return the list of changes without the sentence around it (`judge/signals/header.py` writes it behind a colon)."""
    return text.partition(": ")[2].rstrip(".")[:240]


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
    return f"{leaf.key_type}-{leaf.key_bits}|{'+'.join(leaf.extensions)}|{len(one.chain)}|{one.alpn or '-'}"[:240]


def _keys(one: Captured, product: Product | None) -> tuple[DeviceKey, ...]:
    instance, name = instance_value(one.chain), product_key(one.leaf.issuer, product)
    keys = [DeviceKey("instance", instance)] if instance else []
    keys += [DeviceKey("product", name)] if name else []
    if product is not None and product.first_key == "product":
        keys.reverse()
    return (*keys, DeviceKey("engine", engine_value(one)))
