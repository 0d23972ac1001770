"""What the judge looks at: observations with their facts resolved, and nothing that varies without meaning.

The collector makes these from a report and stored facts, `middlewatch-agent check` from what it just measured. The judge's memo is keyed
on exactly these values, so every field must be worth a new judgement.
"""

from dataclasses import dataclass

from wire.facts import KnownFacts


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation. `status` is the HTTP status, `suspect` as the agent marked it."""

    facts_id: str
    facts: KnownFacts
    status: int | None = None
    suspect: bool = False
