"""Family `issuer`: is the authority known to sign for an inspecting product, or is it merely new?

A product's name in a chain that public roots accept is nobody's device. An unlisted public issuer is a note, never an alarm:
authorities rotate, and Microsoft's published list is always behind.
"""

from judge.examined import Captured, Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge, Product
from judge.knowledge.products import match_product
from judge.policy import Policy
from wire.vocabulary import Grade


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return `known_product` for private chains that name one, `new_public_issuer` for public ones not on Microsoft's list."""
    found = []
    for one in examined.captured():
        evidence = new_issuer(one, knowledge) if one.centre in {"trusted", "name"} else _known_product(one, knowledge)
        if evidence is not None:
            found.append((one.index, evidence))
    return found


def product_weight(product: Product, knowledge: Knowledge) -> float:
    """Return how surely the signature names the product: by its grade; a broad one counts as grade C."""
    grade: Grade = "C" if product.broad else product.grade
    return knowledge.product_weights[grade]


def new_issuer(one: Captured, knowledge: Knowledge) -> Evidence | None:
    """Return the note that a host of Microsoft's has a public authority that Microsoft does not list, or None."""
    target = one.facts.target
    if target.category == "Control" or knowledge.operator_of(target.host, target.endpoint_set) != "microsoft":
        return None
    issuer = one.leaf.issuer.first("CN")
    keys = {above.spki_sha256 for above in one.chain[1:]}
    if issuer in knowledge.authorities.names or keys & knowledge.authorities.keys:
        return None
    text = f"New public issuer {issuer}: not on Microsoft's list of authorities. Authorities rotate; this alone is no finding."
    return Evidence("new_public_issuer", "issuer", 0.0, "A", text)


def _known_product(one: Captured, knowledge: Knowledge) -> Evidence | None:
    product = match_product(knowledge.products, one.chain)
    if product is None:
        return None
    text = f"The certificate is signed in the name of {product.product} ({one.leaf.issuer.first('CN') or one.leaf.issuer.first('O')})."
    return Evidence("known_product", "issuer", product_weight(product, knowledge), product.grade, text)
