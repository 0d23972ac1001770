"""Microsoft's position by kind of traffic, and our severity for each verdict and each meddling with the protocol there. Rows and look-ups.

The severities are ours, the positions Microsoft's; both are data (`positions.toml`). Which kind a target is, is `judge/severity.py`'s.
"""

from typing import Literal, get_args

from pydantic import Field, model_validator

from judge.knowledge.row import Name, Row
from wire.vocabulary import VERDICTS, Severity, Verdict

Traffic = Literal["optimize", "allow", "first-class", "required", "optional", "control", "never-inspect", "login"]
Meddling = Literal["h2_lost", "quic_blocked", "websocket_blocked", "tls_downgraded", "mss_clamped"]
By = Literal["Microsoft", "ours"]
TRAFFIC: tuple[Traffic, ...] = get_args(Traffic)
MEDDLING: tuple[Meddling, ...] = get_args(Meddling)
OVERLAYS: frozenset[Traffic] = frozenset({"never-inspect", "login"})
"""Lie over a category's row: what they do not name follows the category."""


class Position(Row):
    """One kind of traffic. `says` is Microsoft's position in our words; `links`: topics to read on about."""

    traffic: Traffic
    says: Name
    links: tuple[str, ...]
    by: By
    severity_by: By
    verdicts: dict[Verdict, Severity]
    meddling: dict[Meddling, Severity] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> "Position":
        if self.traffic not in OVERLAYS:
            missing = [one for one in VERDICTS if one not in self.verdicts] + [one for one in MEDDLING if one not in self.meddling]
            if missing:
                raise ValueError(f"{', '.join(missing)}: no severity is written; write one of none, info, medium, high, critical")
        return self
