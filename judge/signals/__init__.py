"""One file per family of signals, each with `signal(examined, knowledge, policy) -> [(index of the observation, evidence)]`. Pure.

`SIGNALS` is written by hand. A new family is its file, one line here, its weights in `thresholds.toml`, its cases.
"""

from collections.abc import Callable

from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from judge.signals import destination, header, held, issuer, page, path_split, proxy_route, reach, sct, shared_key, trust, unroutable

Signal = Callable[[Examined, Knowledge, Policy], list[tuple[int, Evidence]]]

SIGNALS: tuple[Signal, ...] = (
    trust.signal,
    sct.signal,
    shared_key.signal,
    issuer.signal,
    reach.signal,
    destination.signal,
    page.signal,
    proxy_route.signal,
    header.signal,
    path_split.signal,
    unroutable.signal,
    held.signal,
)

NAMES: tuple[str, ...] = (
    "public_chain",
    "public_trust_failure",
    "unconfirmed_trust_failure",
    "incomplete_chain",
    "untrusted_chain",
    "disputed_chain",
    "expired_chain",
    "name_mismatch",
    "private_pki",
    "chain_unchecked",
    "clock_suspect",
    "sct_present",
    "no_sct",
    "shared_key",
    "known_product",
    "new_public_issuer",
    "dns_failure",
    "connect_failure",
    "proxy_failure",
    "tls_failure",
    "http_failure",
    "late_agent",
    "control_answered",
    "control_failed",
    "all_failed",
    "private_address",
    "sinkhole",
    "block_address",
    "foreign_address",
    "foreign_answer",
    "foreign_untrusted",
    "tunnelled_address",
    "block_page",
    "portal_status",
    "portal_redirect",
    "portal_certificate",
    "plain_answer",
    "explicit_proxy",
    "proxy_denied",
    "proxy_login",
    "proxy_token",
    "proxy_refused",
    "headers_changed",
    "headers_kept",
    "forwarding_added",
    "ends_nearer",
    "ends_alike",
    "connect_quick",
    "connect_even",
    "times_disagree",
    "unroutable_accepted",
    "unroutable_elsewhere",
    "unroutable_silent",
    "held",
)
"""Every signal there is; each has a recorded case and a near miss (`tests/judge/test_cases.py`)."""
