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
