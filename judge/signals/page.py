"""Families `page` and `portal`: a page that is not the server's. A product's block page, or a portal that wants somebody to sign in first.

Looked for only where something on the way could have answered: on HTTP, and under a certificate that public roots do not accept. A redirect
of a plain request to a stranger's host is a portal's when nothing else answers as itself; status 511 (RFC 6585) says so outright.
"""

from collections.abc import Mapping

from judge.chain import names_cover
from judge.evidence import weighed
from judge.examined import Captured, Examined
from judge.finding import Evidence
from judge.knowledge.endpoints import covers
from judge.knowledge.model import Knowledge
from judge.knowledge.signatures import PageMark, Where, page_marks
from judge.policy import Policy
from judge.seen import Seen
from judge.signals.header import tokens
from wire.facts import EgressFacts, WebFacts, WebsocketFacts

_NETWORK_LOGIN = 511
"""Network Authentication Required, sent by portals only (RFC 6585 6)."""
_PROXY_LOGIN = 407
_ANSWERS = (WebFacts, WebsocketFacts)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OWN = 2
"""Labels that make a registered domain of the hosts probed: `microsoft.com`, `office.com`, `gstatic.com`."""


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for each answer that is a product's page or a portal's, and for plain answers that are neither."""
    captured = {one.index: one for one in examined.captured()}
    own = {index for index, one in captured.items() if one.centre == "trusted"}
    answers = [(index, seen) for index, seen in enumerate(examined.seen) if isinstance(seen.facts, _ANSWERS) and index not in own]
    portals = _portals(answers, examined, knowledge)
    instead = bool(portals) or _somebody_else(examined)
    found: list[tuple[int, Evidence]] = []
    for index, seen in answers:
        blocks = _blocks(seen, knowledge)
        portal = _portal(seen, portals.get(index, ""), captured.get(index), set(portals.values()), knowledge)
        if instead and not portal and seen.facts.failure is not None:
            text = "Somebody else answers plain requests, and nothing else gets through."
            portal.append(weighed(knowledge, "portal_instead", "portal", text))
        found += [(index, one) for one in (*blocks, *portal)]
        if not blocks and not portal and _is_plain(seen, knowledge):
            text = "The plain answer is nobody's page that is known, and leads to no stranger."
            found.append((index, weighed(knowledge, "plain_answer", "portal", text)))
    return found


def _blocks(seen: Seen, knowledge: Knowledge) -> list[Evidence]:
    """Return the products whose page it is; a page that asks for a login to the proxy refuses nothing."""
    if not isinstance(seen.facts, WebFacts) or seen.status == _PROXY_LOGIN:
        return []
    shown = page_marks(knowledge.pages, _shown(seen.facts))
    told = [mark for mark in knowledge.pages if mark.enabled and mark.id in seen.facts.page and mark not in shown]
    return [_block(mark, knowledge) for mark in (*shown, *told)]


def _portal(seen: Seen, leads_to: str, captured: Captured | None, portals: set[str], knowledge: Knowledge) -> list[Evidence]:
    if seen.status == _NETWORK_LOGIN:
        text = "The answer was status 511, Network Authentication Required, which only a portal sends."
        return [weighed(knowledge, "portal_status", "portal", text, deterministic=True)]
    if leads_to:
        text = f"The answer leads to {leads_to}, as it does for other hosts that have nothing to do with it."
        return [weighed(knowledge, "portal_redirect", "portal", text)]
    host = next((one for one in portals if captured is not None and names_cover(captured.leaf.names, one)), "")
    if host:
        text = f"The certificate is that of {host}, to which plain requests are led."
        return [weighed(knowledge, "portal_certificate", "portal", text)]
    return []


def _somebody_else(examined: Examined) -> bool:
    """Return whether our reflector's plain request was answered by another while every other connection failed, the control's too."""
    web = [one.facts for one in examined.seen if isinstance(one.facts, WebFacts)]
    failed = bool(web) and all(one.failure is not None for one in web) and any(one.target.category == "Control" for one in web)
    return failed and any(
        isinstance(one.facts, EgressFacts)
        and one.facts.target.protocol == "http"
        and (one.facts.failure, one.facts.stage) == ("http_protocol", "body")
        for one in examined.seen
    )


def _is_plain(seen: Seen, knowledge: Knowledge) -> bool:
    """Return whether it is an answer to a plain request that no device signed."""
    facts = seen.facts
    plain = isinstance(facts, WebFacts) and facts.target.protocol == "http" and facts.failure is None and seen.status != _PROXY_LOGIN
    return plain and isinstance(facts, WebFacts) and not tokens(facts.headers, knowledge)


def _shown(facts: WebFacts) -> dict[Where, str]:
    """Return what of a page the facts hold: where it leads, which server made it, and the page's own words where the agent took them."""
    shown: dict[Where, str] = {}
    headers: Mapping[str, str] = facts.headers
    if "location" in headers:
        shown["location"] = shown["host"] = headers["location"]
    if "server" in headers:
        shown["server"] = headers["server"]
    return shown


def _block(mark: PageMark, knowledge: Knowledge) -> Evidence:
    product = knowledge.product(mark.product)
    text = f"The answer is a page of {product.product if product else 'a filter'} ({mark.where}), not the server's."
    return Evidence("block_page", "page", knowledge.vendor_weight("page", mark.grade), mark.grade, text, product=mark.product or "")


def _portals(answers: list[tuple[int, Seen]], examined: Examined, knowledge: Knowledge) -> dict[int, str]:
    """Return where answers lead that send hosts of at least two operators, or all that get an answer, to one stranger's host."""
    led: dict[str, list[int]] = {}
    for index, seen in answers:
        where = seen.facts.headers.get("location", "") if isinstance(seen.facts, WebFacts) else ""
        if where and (seen.status in _REDIRECTS or seen.status is None) and _stranger(where, seen, knowledge):
            led.setdefault(where, []).append(index)
    found: dict[int, str] = {}
    for where, indexes in led.items():
        targets = [examined.seen[index].facts.target for index in indexes]
        operators = {knowledge.operator_of(one.host, one.endpoint_set) for one in targets}
        hosts = {one.host for one in targets}
        if len(operators) > 1 or (len(hosts) > 1 and _shut(examined, examined.seen[indexes[0]].facts.route)):
            found |= dict.fromkeys(indexes, where)
    return found


def _shut(examined: Examined, route: str) -> bool:
    """Return whether nothing but plain requests gets through on a route: then hosts of one operator are enough."""
    secure = [
        one.facts
        for one in examined.seen
        if isinstance(one.facts, WebFacts) and one.facts.target.protocol == "https" and one.facts.route == route
    ]
    return bool(secure) and all(one.failure is not None for one in secure)


def _stranger(where: str, seen: Seen, knowledge: Knowledge) -> bool:
    """Return whether a redirect leads to neither the host's own domain nor Microsoft's."""
    target = seen.facts.target
    domain = ".".join(target.host.split(".")[-_OWN:])
    return not covers(f"*.{domain}", f"x.{where}") and knowledge.operator_of(where, None) != "microsoft"
