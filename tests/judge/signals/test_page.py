"""Holds judge/signals/page.py: pages that are not the server's."""

from judge.signals.page import signal
from tests.fakes.examined import CONTROL, OUTLOOK, TEAMS, Round, leaf
from wire.facts import WebFacts
from wire.target import Target


def plain(target: Target, **headers: str) -> WebFacts:
    """Return an answer to a plain request."""
    return WebFacts(target=target.model_copy(update={"port": 80, "protocol": "http"}), headers=headers)


def test_block_page() -> None:
    """A redirect to a product's block page is one."""
    made = Round().see(plain(OUTLOOK, location="gateway.zscaler.net"), status=302)
    assert [(one.signal, one.product) for _, one in made.evidence(signal)] == [("block_page", "zscaler")]


def test_portal() -> None:
    """Hosts of two operators sent to one stranger is a portal, and so is who shows that stranger's certificate; one operator's is not."""
    made = Round().see(plain(OUTLOOK, location="portal.example"), status=302).see(plain(CONTROL, location="portal.example"), status=302)
    made.chain(leaf("portal.example"), "no_root", host=TEAMS.host)
    assert made.names(signal) == [(0, "portal_redirect"), (1, "portal_redirect"), (2, "portal_certificate")]
    alone = Round().see(plain(OUTLOOK, location="portal.example"), status=302).see(plain(TEAMS, location="portal.example"), status=302)
    assert [name for _, name in alone.names(signal)] == ["plain_answer", "plain_answer"]


def test_status_of_a_portal() -> None:
    """Status 511 says it outright."""
    assert Round().see(plain(OUTLOOK), status=511).names(signal) == [(0, "portal_status")]


def test_redirects_of_their_own() -> None:
    """To itself, to its own domain and to Microsoft is no portal."""
    made = Round()
    for target, where in ((OUTLOOK, OUTLOOK.host), (CONTROL, "www2.gstatic.com"), (TEAMS, "login.microsoftonline.com")):
        made.see(plain(target, location=where), status=301)
    assert [name for _, name in made.names(signal)] == ["plain_answer"] * 3


def test_the_servers_own_page_is_left_alone() -> None:
    """Under the server's own certificate no page is looked at, and a failed request has none."""
    assert Round().chain(leaf(OUTLOOK.host)).names(signal) == []
    failed = plain(OUTLOOK).model_copy(update={"failure": "timeout", "stage": "first_byte"})
    assert Round().see(failed).names(signal) == []
