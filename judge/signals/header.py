"""Families `token` and `rewriting`: what a device adds to answers, and what it does to requests, as our reflector saw them.

Servers and content networks send Via and X-Cache too: a token counts only if it names a product, and under a certificate that public
roots accept none counts, for nothing on the way could have added it. A proxy in front of the reflector itself looks like one in front
of the agent; the operator's guide says to serve the reflector directly.
"""

from collections.abc import Mapping, Sequence

from judge.evidence import weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.knowledge.signatures import HeaderMark, header_marks
from judge.policy import Policy
from judge.seen import Seen
from wire.facts import EgressFacts, QuicFacts, WebFacts, WebsocketFacts

_CONNECT = "connect."
"""Prefix of what a proxy said to CONNECT, by `agent/probes/headers.py`."""
_REFUSED = frozenset({403, 451, 511})
"""Statuses of a page a proxy makes itself because it will not let something through; 5xx say that it could not."""
_ANYBODYS = frozenset({"via", "cache-control"})
_FORWARDING = frozenset({"via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "client-ip", "x-real-ip"})


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return tokens in answers, refusals a proxy wrote itself, and changes to the request."""
    own = {one.index for one in examined.captured() if one.centre == "trusted"}
    found: list[tuple[int, Evidence]] = []
    for index, seen in enumerate(examined.seen):
        if isinstance(seen.facts, EgressFacts) and seen.facts.failure is None:
            found += [(index, one) for one in _reflected(seen.facts, knowledge)]
        elif isinstance(seen.facts, WebFacts | QuicFacts | WebsocketFacts) and seen.facts.headers:
            found += [(index, one) for one in _response(seen, seen.facts.headers, knowledge, own=index in own)]
    return found


def _reflected(facts: EgressFacts, knowledge: Knowledge) -> list[Evidence]:
    """Return what our reflector's answer says: whether it is its own, and what became of the request where that is known."""
    found = _request(facts, knowledge) if facts.sent_headers and facts.seen_headers else []
    if facts.signed == "bad":
        text = (
            "The reflector's answer does not bear its own signature: something changed it or gave an old one, or the plan's key is wrong."
        )
        found.append(weighed(knowledge, "answer_forged", "rewriting", text))
    return found


def _response(seen: Seen, headers: Mapping[str, str], knowledge: Knowledge, *, own: bool) -> list[Evidence]:
    connect = {name.removeprefix(_CONNECT): value for name, value in headers.items() if name.startswith(_CONNECT)}
    answer = {name: value for name, value in headers.items() if not name.startswith(_CONNECT)}
    found = [_token(mark, name, "The proxy's answer to CONNECT", knowledge) for mark, name in tokens(connect, knowledge)]
    if own:
        return found
    refused = seen.status in _REFUSED
    for mark, name in tokens(answer, knowledge):
        if mark.generated and refused:
            text = f"Status {seen.status} was written by {_product(mark, knowledge)} itself ({name}), not by the server."
            found.append(weighed(knowledge, "proxy_refused", "page", text, product=mark.product or ""))
        found.append(_token(mark, name, "The answer", knowledge))
    return found


def _whole(name: str, value: str) -> str:
    """Give an X-Cache field back the word the agent takes out: hit and miss vary each time."""
    return f"MISS {value}" if name.startswith("x-cache") and value.startswith("from ") else value


def tokens(headers: Mapping[str, str], knowledge: Knowledge) -> list[tuple[HeaderMark, str]]:
    """Return the products an answer's headers name, with the header that does; what servers send as well is left out."""
    whole = {name: _whole(name, value) for name, value in headers.items()}
    return [(mark, name) for mark, name in header_marks(knowledge.headers, "response", whole) if not mark.shared and mark.product]


def _token(mark: HeaderMark, name: str, where: str, knowledge: Knowledge) -> Evidence:
    weight = knowledge.vendor_weight("header", mark.grade)
    text = f"{where} carries {_product(mark, knowledge)}'s own token ({name})."
    return Evidence("proxy_token", "token", weight, mark.grade, text, product=mark.product or "")


def _product(mark: HeaderMark, knowledge: Knowledge) -> str:
    product = knowledge.product(mark.product)
    return product.product if product is not None else "a proxy"


def _request(facts: EgressFacts, knowledge: Knowledge) -> list[Evidence]:
    sent, seen = facts.sent_headers, facts.seen_headers
    changes = changed(sent, seen)
    if not changes:
        return [weighed(knowledge, "headers_kept", "rewriting", "Our reflector saw the request's header names as they were sent.")]
    added = [change[1:] for change in changes if change.startswith("+")]
    found = []
    if any(change.removeprefix("+") not in _FORWARDING for change in changes):
        found.append(weighed(knowledge, "headers_changed", "rewriting", f"Our reflector saw the request changed: {' '.join(changes)}."))
    named = _request_marks(added, knowledge)
    found += [_token(mark, name, "The request at our reflector", knowledge) for mark, name in named]
    forwarding = [name for name in added if name in _FORWARDING]
    if forwarding and not named:
        text = f"The request reached our reflector with a proxy's {' and '.join(forwarding)}."
        found.append(weighed(knowledge, "forwarding_added", "token", text))
    return found


def _request_marks(added: Sequence[str], knowledge: Knowledge) -> list[tuple[HeaderMark, str]]:
    """Return the products whose own header names were added. Values are not kept, so a name others use too says nothing here."""
    own = [mark.model_copy(update={"pattern": ""}) for mark in knowledge.headers if mark.product and mark.header not in _ANYBODYS]
    return header_marks(own, "request", dict.fromkeys(added, ""))


def changed(sent: Sequence[str], seen: Sequence[str]) -> list[str]:
    """Return what became of header names on the way, the same for every host: `+added`, `-dropped`, `~re-cased`, `moved`."""
    before, after = [name.lower() for name in sent], [name.lower() for name in seen]
    added = sorted({f"+{name}" for name in after if name not in before})
    dropped = sorted({f"-{name}" for name in before if after.count(name) < before.count(name)})
    spelt = set(seen)
    recased = sorted({f"~{name.lower()}" for name in sent if name.lower() in after and name not in spelt})
    kept = [name for name in before if name in after]
    moved = list(dict.fromkeys(kept)) != list(dict.fromkeys(name for name in after if name in before))
    return [*added, *dropped, *recased, *(["moved"] if moved else [])]
