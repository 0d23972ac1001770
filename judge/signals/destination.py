"""Family `destination`: did the name lead, and the connection go, to an address that cannot be Microsoft's?

What counts is where a connection went and what was answered for this name here; that another resolver answers otherwise says nothing
(answers are steered by place). 6.6.0.0/16 is put in place by Microsoft's own Global Secure Access and exempt.
"""

from judge.evidence import note, weighed
from judge.examined import Captured, Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from judge.seen import Seen
from judge.signals import issuer
from wire.facts import DnsFacts

_PAGE = "to-blockpage:"
_SURE = {
    "to-sinkhole": ("sinkhole", "to this machine itself or to no address at all: a sinkhole in place of {}."),
    "to-private": ("private_address", "to a private address; {} has none."),
}


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for each lookup and connection of a host of Microsoft's that led elsewhere."""
    strange = {one.index: _strange(one, knowledge) for one in examined.captured()}
    found: list[tuple[int, Evidence]] = []
    for index, seen in enumerate(examined.seen):
        if any(word.startswith("to-") for word in seen.words):
            found.append((index, _evidence(seen, knowledge, strange.get(index, ""))))
    return found


def _strange(one: Captured, knowledge: Knowledge) -> str:
    """Return what is strange about a certificate: not accepted by public roots, or by an authority that Microsoft does not list."""
    if one.centre not in {"trusted", "unchecked"}:
        return "Public roots do not accept what answers there."
    new = one.centre == "trusted" and issuer.new_issuer(one, knowledge) is not None
    return f"Its certificate is public, by an authority Microsoft does not list ({one.leaf.issuer.first('CN')})." if new else ""


def _evidence(seen: Seen, knowledge: Knowledge, strange: str) -> Evidence:
    host, went = seen.facts.target.host, not isinstance(seen.facts, DnsFacts)
    led = "The connection went" if went else "The resolver's answer leads"
    for word, (name, text) in _SURE.items():
        if word in seen.words:
            return weighed(knowledge, name, "destination", f"{led} {text.format(host)}", deterministic=True)
    page = next((word.removeprefix(_PAGE) for word in seen.words if word.startswith(_PAGE)), None)
    if page is not None:
        text = f"{led} to an address where a DNS filter serves its block page."
        return weighed(knowledge, "block_address", "destination", text, deterministic=True, product=page)
    if "to-tunnelled" in seen.words:
        text = f"{led} to an address that Global Secure Access' client puts in place of the real one."
        return weighed(knowledge, "tunnelled_address", "tunnel", text, product="entra-gsa")
    return _foreign(f"{led} to an address outside the ranges Microsoft publishes for {host}.", knowledge, strange, went=went)


def _foreign(text: str, knowledge: Knowledge, strange: str, *, went: bool) -> Evidence:
    if not went:
        return note("foreign_answer", "answers", text)
    if strange:
        return weighed(knowledge, "foreign_certificate", "destination", f"{text} {strange}")
    return weighed(knowledge, "foreign_address", "destination", text)
