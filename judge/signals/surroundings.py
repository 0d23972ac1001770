"""Families `egress`, `local` and `roots`: whose network the way leaves by, what runs on this machine, which roots were added to it.

They raise questions and help to guess a make; alone they are never a verdict. An installed program does not prove that it sees a flow, and
a vendor's network may serve other things: the vendor is "possible" then. Told beside chains that public roots do not accept, where there
is something to be explained, and of our reflector's own view.
"""

from collections.abc import Iterator

from judge.certificate import CertificateFields, DistinguishedName
from judge.evidence import note
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge, Product
from judge.knowledge.products import match_product
from judge.policy import Policy
from wire.facts import EgressFacts, HostFacts


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return what the surroundings say, beside each observation they may explain."""
    odd = [one.index for one in examined.captured() if one.centre not in {"trusted", "unchecked"}]
    found: list[tuple[int, Evidence]] = []
    for index, seen in enumerate(examined.seen):
        facts = seen.facts
        if isinstance(facts, EgressFacts) and facts.address:
            beside = [index, *(one for one in odd if examined.seen[one].facts.route == facts.route)]
            found += [(one, evidence) for evidence in _egress(facts, knowledge) for one in beside]
        elif isinstance(facts, HostFacts):
            found += [(one, evidence) for evidence in _machine(facts, knowledge) for one in (index, *odd)]
    return found


def _egress(facts: EgressFacts, knowledge: Knowledge) -> Iterator[Evidence]:
    network = knowledge.networks.of(facts.address or "", facts.asn)
    if network is None or network.kind not in {"security", "cloud"}:
        return
    if network.kind == "cloud":
        yield note("egress_cloud", "egress", f"Traffic leaves by {network.owner}'s public cloud: somebody's gateway may stand there.")
        return
    weight = knowledge.vendor_weight("egress_shared" if network.shared else "egress", network.grade)
    text = f"Traffic leaves by the network of {network.owner}."
    yield Evidence("egress_network", "egress", weight, network.grade, text, product=network.product or "")


def _machine(facts: HostFacts, knowledge: Knowledge) -> Iterator[Evidence]:
    for name in facts.products:
        product = knowledge.product(name)
        if product is not None:
            weight = knowledge.vendor_weight("local", "B")
            text = f"{product.product} runs on this machine; that does not prove it sees this traffic."
            yield Evidence("local_product", "local", weight, "B", text, product=product.id)
    for root in facts.added_roots:
        product = _product_of(root.subject, knowledge)
        if product is not None:
            weight = knowledge.vendor_weight("local", product.grade)
            text = f"This machine trusts a root in the name of {product.product}."
            yield Evidence("added_root", "roots", weight, product.grade, text, product=product.id)


def _product_of(subject: str, knowledge: Knowledge) -> Product | None:
    """Return the product a root's subject names; `subject` is `CN=..., O=...` as `judge.certificate.DistinguishedName` is written."""
    parts = [part.partition("=") for part in subject.split(", ")]
    name = DistinguishedName(tuple((attribute, value) for attribute, sign, value in parts if sign))
    product = match_product(knowledge.products, (CertificateFields("", issuer=name),))
    return product if product is not None and not product.broad else None
