"""One file per family of signals, each with `signal(examined, knowledge, policy) -> [(index of the observation, evidence)]`. Pure.

`SIGNALS` is written by hand. A new family is its file, one line here, its weights in `thresholds.toml`, its cases.
"""

from collections.abc import Callable

from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from judge.signals import issuer, reach, sct, shared_key, trust

Signal = Callable[[Examined, Knowledge, Policy], list[tuple[int, Evidence]]]

SIGNALS: tuple[Signal, ...] = (trust.signal, sct.signal, shared_key.signal, issuer.signal, reach.signal)

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
)
"""Every signal there is; each has a recorded case and a near miss (`tests/judge/test_cases.py`)."""
