"""Holds judge/signals/header.py: what a device adds to answers and does to requests."""

import pytest

from judge.signals.header import changed, signal, tokens
from tests.fakes.examined import CONTROL, KNOWLEDGE, OUTLOOK, Round, leaf
from wire.facts import EgressFacts, WebFacts

SENT = ["Host", "Accept", "X-mW-cAnArY", "X-mW-cAnArY"]


def answered(headers: dict[str, str], status: int = 200) -> list[tuple[str, str]]:
    """Return signal and product said of a plain answer."""
    made = Round().see(WebFacts(target=OUTLOOK, headers=headers), status=status)
    return [(one.signal, one.product) for _, one in made.evidence(signal)]


def test_a_products_token() -> None:
    """A token names its product by its pattern; what servers and content networks send too, and what names nobody, says nothing."""
    assert answered({"via": "1.1 gw (squid/5.7)"}) == [("proxy_token", "squid")]
    assert answered({"x-cache-lookup": "from gw:3128"}) == [("proxy_token", "squid")]
    assert answered({"via": "1.1 varnish", "x-cache": "from cache-1", "server": "ATS/9.1"}) == []
    assert answered({"via": "1.1 gw"}) == []


def test_a_page_of_the_proxys_own() -> None:
    """A refusal the proxy wrote itself is more than its token; a page about a failure is not a refusal."""
    assert ("proxy_refused", "squid") in answered({"server": "squid/5.7"}, 403)
    assert answered({"server": "squid/5.7"}, 503) == [("proxy_token", "squid")]


def test_under_the_servers_own_certificate_nothing_was_added() -> None:
    """A token in an answer nobody on the way could read is the server's; the proxy's own answer to CONNECT is not."""
    for name, names in (("via", []), ("connect.via", ["proxy_token"])):
        made = Round().chain(leaf(OUTLOOK.host))
        facts = made.seen[0].facts.model_copy(update={"headers": {name: "1.1 gw (squid/5.7)"}})
        made.seen[0] = type(made.seen[0])("0" * 22, facts)
        assert [one for _, one in made.names(signal)] == names


@pytest.mark.parametrize(
    ("seen", "changes"),
    [
        (SENT, []),
        ([*SENT, "Via"], ["+via"]),
        (["Host", "Accept", "X-mW-cAnArY"], ["-x-mw-canary"]),
        (["Host", "Accept", "X-Mw-Canary", "X-Mw-Canary"], ["~x-mw-canary"]),
        (["Accept", "X-mW-cAnArY", "X-mW-cAnArY", "Host"], ["moved"]),
        ([], ["-accept", "-host", "-x-mw-canary"]),
    ],
)
def test_what_became_of_the_names(seen: list[str], changes: list[str]) -> None:
    """Added, dropped, re-cased and moved names are told apart, and the telling is the same whatever the host."""
    assert changed(SENT, seen) == changes


@pytest.mark.parametrize(
    ("seen", "names"),
    [
        (SENT, ["headers_kept"]),
        ([*SENT, "Via", "X-Forwarded-For"], ["forwarding_added"]),
        ([*SENT, "X-BlueCoat-Via"], ["headers_changed", "proxy_token"]),
        ([*SENT, "Cache-Control"], ["headers_changed"]),
    ],
)
def test_the_reflectors_view(seen: list[str], names: list[str]) -> None:
    """Only forwarding added is a proxy's; a product's own header names it; a header anybody may use is a change and names nobody."""
    made = Round().see(EgressFacts(target=CONTROL, address="192.0.2.1", sent_headers=SENT, seen_headers=seen))
    assert [name for _, name in made.names(signal)] == names


def test_the_reflectors_signature() -> None:
    """A wrong signature is a changed answer; its own, none asked for, and none given say nothing by themselves."""
    for signed, names in (("bad", ["answer_forged"]), ("ok", []), ("", []), ("absent", [])):
        made = Round().see(EgressFacts.model_validate({"target": CONTROL, "address": "192.0.2.1", "signed": signed}))
        assert [name for _, name in made.names(signal)] == names


def test_tokens_of_nothing() -> None:
    """No header, no token."""
    assert tokens({}, KNOWLEDGE) == []
