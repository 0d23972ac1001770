"""Observations with their certificates read and the centre's opinion of each chain: what every signal looks at.

Only data and small views on it; reading and verifying is `judge/judgement.py`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from judge.certificate import CertificateFields
from judge.seen import Seen
from wire.facts import QuicFacts, WebFacts, WebsocketFacts
from wire.model import Message
from wire.vocabulary import Trust

Found = TypeVar("Found", bound=Message)
Chained = WebFacts | QuicFacts | WebsocketFacts
"""Facts that hold a captured chain."""


@dataclass(frozen=True, slots=True)
class Captured:
    """One observed chain, leaf first, never empty. `index` is the observation's; `centre` what the centre makes of path and name."""

    index: int
    facts: Chained
    chain: tuple[CertificateFields, ...]
    centre: Trust

    @property
    def leaf(self) -> CertificateFields:
        """Return the first certificate."""
        return self.chain[0]

    @property
    def alpn(self) -> str | None:
        """Return the protocol agreed on in the handshake; a WebSocket asks for none."""
        return None if isinstance(self.facts, WebsocketFacts) else self.facts.alpn


@dataclass(frozen=True, slots=True)
class Examined:
    """One report. `chains` and `centre` run parallel to `seen`; a chain is empty when none was captured or its certificates are unknown.

    `day` is the day of measurement (UTC): validity is judged by the day, so that a judgement holds for a day.
    """

    seen: tuple[Seen, ...]
    chains: tuple[tuple[CertificateFields, ...], ...]
    centre: tuple[Trust, ...]
    day: date
    _captured: tuple[Captured, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        """Gather the chains once: nearly every signal asks for them."""
        rows = enumerate(zip(self.seen, self.chains, self.centre, strict=True))
        found = [
            Captured(index, one.facts, chain, centre) for index, (one, chain, centre) in rows if chain and isinstance(one.facts, Chained)
        ]
        object.__setattr__(self, "_captured", tuple(found))

    def captured(self) -> tuple[Captured, ...]:
        """Return the observations with a chain."""
        return self._captured

    def unread(self) -> Iterator[int]:
        """Return the indexes of observations whose chain names certificates that are not at hand."""
        for index, (seen, chain) in enumerate(zip(self.seen, self.chains, strict=True)):
            if not chain and isinstance(seen.facts, Chained) and seen.facts.chain:
                yield index

    def beside(self, index: int, kind: type[Found]) -> Iterator[tuple[int, Seen, Found]]:
        """Return the observations of a kind about the same host by the same route as the observation at `index`."""
        facts = self.seen[index].facts
        for other, seen in enumerate(self.seen):
            if isinstance(seen.facts, kind) and seen.facts.route == facts.route and seen.facts.target.host == facts.target.host:
                yield other, seen, seen.facts

    def valid(self, certificate: CertificateFields) -> bool | None:
        """Return whether a certificate is valid at any time of the day; None when its dates cannot be read."""
        if certificate.not_before is None or certificate.not_after is None:
            return None
        start = datetime.combine(self.day, time(), UTC)
        return certificate.not_before < start + timedelta(days=1) and certificate.not_after >= start
