"""What a report says about where it was measured, for the rules of `server/fleet/placing.py`. Asked for contexts not seen before only."""

from collections.abc import Mapping

from server.collector.intake import Item
from server.fleet.placing import Whereabouts, of_context
from wire.facts import EgressFacts, KnownFacts, RawFacts
from wire.observation import EgressObservation
from wire.target import DIRECT


def whereabouts(item: Item, egress: str) -> Whereabouts:
    """Return what a readable item's context says, with the public address beside it."""
    assert item.report is not None  # noqa: S101 - only readable items come here
    return of_context(item.report.cycle.context, egress)


def egress_of(item: Item, facts: Mapping[str, KnownFacts | RawFacts]) -> str:
    """Return the public address a readable item left by on the direct route; empty when it did not find out."""
    assert item.report is not None  # noqa: S101 - only readable items come here
    for one in item.report.cycle.observations:
        seen = facts.get(one.facts) if isinstance(one, EgressObservation) else None
        if isinstance(seen, EgressFacts) and seen.route == DIRECT.name and seen.address:
            return seen.address
    return ""
