"""Observations with their certificates read and the centre's opinion of each chain: what every signal looks at.

Only data and small views on it; reading and verifying is `judge/judgement.py`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from judge.certificate import CertificateFields
from judge.seen import Seen
from wire.facts import WebFacts
from wire.vocabulary import Trust


@dataclass(frozen=True, slots=True)
class Captured:
    """One observed chain, leaf first, never empty. `index` is the observation's; `centre` what the centre makes of path and name."""

    index: int
    facts: WebFacts
    chain: tuple[CertificateFields, ...]
    centre: Trust

    @property
    def leaf(self) -> CertificateFields:
        """Return the first certificate."""
        return self.chain[0]


@dataclass(frozen=True, slots=True)
class Examined:
    """One report. `chains` and `centre` run parallel to `seen`; a chain is empty when none was captured or its certificates are unknown.

    `day` is the day of measurement (UTC): validity is judged by the day, so that a judgement holds for a day.
    """

    seen: tuple[Seen, ...]
    chains: tuple[tuple[CertificateFields, ...], ...]
    centre: tuple[Trust, ...]
    day: date

    def captured(self) -> Iterator[Captured]:
        """Return the observations with a chain."""
        for index, (seen, chain, centre) in enumerate(zip(self.seen, self.chains, self.centre, strict=True)):
            if chain and isinstance(seen.facts, WebFacts):
                yield Captured(index, seen.facts, chain, centre)

    def unread(self) -> Iterator[int]:
        """Return the indexes of observations whose chain names certificates that are not at hand."""
        for index, (seen, chain) in enumerate(zip(self.seen, self.chains, strict=True)):
            if not chain and isinstance(seen.facts, WebFacts) and seen.facts.chain:
                yield index

    def valid(self, certificate: CertificateFields) -> bool | None:
        """Return whether a certificate is valid at any time of the day; None when its dates cannot be read."""
        if certificate.not_before is None or certificate.not_after is None:
            return None
        start = datetime.combine(self.day, time(), UTC)
        return certificate.not_before < start + timedelta(days=1) and certificate.not_after >= start
