"""Holds judge/grouping.py: what a report's evidence is gathered by."""

from judge.finding import Evidence
from judge.grouping import Group, gather
from tests.fakes.examined import CONTROL, OUTLOOK, Round, leaf
from wire.facts import DnsFacts, EgressFacts, PathFacts, QuicFacts, WebFacts, WebsocketFacts

HOST = OUTLOOK.host
LOST = Evidence("h2_lost", "protocol", 0.9, "L", "Lost.")
KEPT = Evidence("h2_kept", "protocol", -0.9, "L", "Kept.")


def groups(made: Round, spoken: dict[int, list[Evidence]] | None = None) -> list[Group]:
    """Return the groups of a round."""
    return gather(made.examined(), spoken or {})


def test_each_question_has_its_own_group() -> None:
    """Web and dns of a target share the answer; its path, and our reflector's view of the request, stand for themselves."""
    made = Round().failure(HOST, None, dns=True).chain(leaf(HOST)).see(PathFacts(target=OUTLOOK)).see(EgressFacts(target=CONTROL))
    found = [(one.target.host, one.aspect, len(one.members)) for one in groups(made)]
    assert found == [(HOST, "path", 2), (HOST, "tcp", 1), (CONTROL.host, "request", 1)]


def test_routes_are_kept_apart() -> None:
    """The same target on two routes is two groups."""
    made = Round().chain(leaf(HOST)).chain(leaf(HOST), route="system")
    assert [one.route for one in groups(made)] == ["direct", "system"]


def test_what_could_not_be_looked_at_is_not_judged() -> None:
    """That our own reflector is away is the centre's matter; that a target is, its answer says, not its path."""
    assert groups(Round().see(EgressFacts(target=CONTROL, failure="timeout", stage="connect"))) == []
    assert groups(Round().see(PathFacts(target=OUTLOOK, failure="timeout", stage="connect"))) == []


def test_an_aspect_has_a_finding_only_while_it_is_lost() -> None:
    """Evidence of a loss makes a group beside the answer's; evidence that it is kept makes the answer's group say so."""
    made = Round().chain(leaf(HOST))
    [answer] = groups(made, {0: [KEPT]})
    assert (list(answer.evidence), list(answer.fine)) == ([], ["h2"])
    answer, aside = groups(made, {0: [LOST]})
    assert (list(answer.evidence), list(answer.fine), aside.aspect, list(aside.evidence)) == ([], [], "h2", [LOST])


def test_one_address_of_several_is_enough_to_lose_it() -> None:
    """Kept by one of a target's addresses and lost by another is lost."""
    made = Round().chain(leaf(HOST)).chain(leaf(HOST))
    answer, aside = groups(made, {0: [KEPT], 1: [LOST]})
    assert (list(answer.fine), aside.aspect) == ([], "h2")


def test_what_counts_as_not_reached() -> None:
    """The last web observation decides, then all lookups; a datagram's silence and a refused upgrade are no failure to reach."""
    lost: dict[str, str] = {"failure": "timeout", "stage": "connect"}
    cases = [
        (Round().failure(HOST, "timeout").chain(leaf(HOST)), False),
        (Round().chain(leaf(HOST)).failure(HOST, "timeout"), True),
        (Round().failure(HOST, "dns_nxdomain", dns=True).chain(leaf(HOST)), False),
        (Round().failure(HOST, "dns_nxdomain", "dns", dns=True), True),
        (Round().see(DnsFacts(target=OUTLOOK)), False),
        (Round().see(QuicFacts.model_validate({"target": OUTLOOK, **lost})), False),
        (Round().see(QuicFacts(target=OUTLOOK, failure="dns_nxdomain", stage="dns")), True),
        (Round().see(WebsocketFacts.model_validate({"target": OUTLOOK, **lost})), True),
        (Round().see(WebsocketFacts(target=OUTLOOK, failure="reset", stage="request")), False),
        (Round().see(PathFacts(target=OUTLOOK)), False),
    ]
    assert [groups(made)[0].failed for made, _ in cases] == [failed for _, failed in cases]
    assert Group("path", [(0, Round().see(WebFacts(target=OUTLOOK)).seen[0])]).ids == ("0" * 22,)
