"""What is shown of a site beside its verdict: Microsoft's word, who runs its egress, scores, what goes around inspection. Types only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.watcher.summary import Summary


@dataclass(frozen=True, slots=True)
class SiteMore:
    """`says`: whether the ways to learn the egress agree. `scores` and `bypassed` (percent by category): only what is known.

    `peering`: `direct` when Microsoft's network is the next one on the way, by the hops of most agents that see any; `not seen` else.
    """

    summary: Summary = field(default_factory=Summary)
    egress_owner: str = ""
    egress_kind: str = ""
    says: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    bypassed: Mapping[str, float] = field(default_factory=dict)
    peering: str = ""
