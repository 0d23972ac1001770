"""What the judge looks at: observations with their facts resolved, and nothing that varies without meaning.

`judge/coarse.py` makes these: for the collector from a report and stored facts, for `middlewatch-agent check` from what was just measured.
The judge's memo is keyed
on exactly these values, so every field must be worth a new judgement.
"""

from dataclasses import dataclass

from wire.facts import DnsFacts, EgressFacts, HostFacts, MediaFacts, PathFacts, QuicFacts, WebFacts, WebsocketFacts

SeenFacts = WebFacts | DnsFacts | EgressFacts | PathFacts | MediaFacts | QuicFacts | WebsocketFacts | HostFacts


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation. `status` is the HTTP status, `suspect` as the agent marked it; `words` is what its sample says, made coarse.

    Words are `judge/coarse.py`'s: whose an address is (`to-private`), whether a proxy was spoken to (`proxied`), how a connect compares
    with what needs the whole way (`quick-control`, `even-tls`).
    """

    facts_id: str
    facts: SeenFacts
    status: int | None = None
    suspect: bool = False
    words: tuple[str, ...] = ()
