"""Holds judge/signals/protocol.py: HTTP/2 and TLS 1.3 kept or lost."""

from dataclasses import replace
from typing import Any

from judge.signals.protocol import signal
from tests.fakes.examined import OUTLOOK, Round, leaf

HOST, UNLISTED = OUTLOOK.host, "login.microsoftonline.com"


def spoke(made: Round, **facts: Any) -> Round:
    """Give the last observation these fields."""
    made.seen[-1] = replace(made.seen[-1], facts=made.seen[-1].facts.model_copy(update=facts))
    return made


def test_lost_by_who_decrypts() -> None:
    """A host listed for HTTP/3 speaks TLS 1.3 and HTTP/2: under another's certificate their absence is a loss."""
    made = spoke(Round().chain(leaf(HOST), "no_root"), alpn=None, tls="TLSv1.2")
    assert made.names(signal) == [(0, "h2_lost"), (0, "tls_downgraded")]
    kept = spoke(Round().chain(leaf(HOST), "no_root"), alpn="h2", tls="TLSv1.3")
    assert kept.names(signal) == [(0, "h2_kept"), (0, "tls_kept")]


def test_under_its_own_certificate_nothing_is_lost() -> None:
    """What the server itself agrees on is the server's choice."""
    made = spoke(Round().chain(leaf(HOST)), alpn="http/1.1", tls="TLSv1.2")
    assert made.names(signal) == [(0, "h2_kept"), (0, "tls_kept")]


def test_known_by_another_route() -> None:
    """A host without a listing is known by what it agreed on by another route; without one nothing is said."""
    made = spoke(Round().chain(leaf(UNLISTED)), alpn="h2", tls="TLSv1.3")
    spoke(made.chain(leaf(UNLISTED), "no_root", route="proxy"), alpn=None, tls="TLSv1.2")
    assert made.names(signal)[2:] == [(1, "h2_lost"), (1, "tls_downgraded")]
    assert spoke(Round().chain(leaf(UNLISTED), "no_root"), alpn=None, tls="TLSv1.2").names(signal) == []


def test_a_failed_request_says_nothing() -> None:
    """Nothing follows from a connection that came to nothing, nor from a chain that cannot be checked."""
    assert spoke(Round().chain(leaf(HOST), "no_root"), failure="reset", stage="first_byte").names(signal) == []
    assert Round().chain(leaf(HOST), "unchecked").names(signal) == []
