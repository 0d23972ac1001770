"""A scenario's `world`: what is different at the far side from a plain day. Data only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.lab.minting import PUBLIC_LIKE, Make

REFLECTOR = "reflector.middlewatch.example"
REFLECTOR_ADDRESS, REFLECTOR_ADDRESS6 = "198.51.100.80", "2001:db8:53::80"
WHOAMI = "whoami.middlewatch.example"
HTTP3 = ("outlook.office365.com", "m365.cloud.microsoft")
"""Names that are served over HTTP/3 too."""
PUBLIC_NEW = {"C": "US", "O": "Lab Trust Services", "CN": "Lab TLS CA 7"}
"""A public issuer that no list knows yet."""
CLOUDFLARE = {"C": "US", "O": "Lab Content Network", "CN": "Lab Content Network TLS 1"}
STRAY = {"CN": "localhost.localdomain"}


@dataclass(frozen=True, slots=True)
class WorldRow:
    """What a scenario changes at the far side.

    `leaves`: host (or `*`) to a kind of `KINDS`. `answers`: host to addresses the resolver gives instead. `missing`: names it denies.
    `ahead_s`: how far the world's clock and its certificates' first day are ahead of the agent's. `think_ms`: added to every answer.
    `families`: `4`, `6` or `46`. `spread`: over how many sites the addresses of a name are. `headers`: host (or `*`) to fields added, or
    put in place of those of that name. `extra_hosts`: more names that are served.
    """

    front_door: str = "FRA"
    leaves: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing: Sequence[str] = ()
    ahead_s: float = 0.0
    think_ms: float = 0.0
    families: str = "4"
    spread: int = 1
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    extra_hosts: Sequence[str] = ()


_OLD = {"begins": -20.0, "days": 180.0, "sent": 1}
KINDS: Mapping[str, tuple[str, Make]] = {
    "usual": ("usual", Make(PUBLIC_LIKE, **_OLD)),  # type: ignore[arg-type]
    "new-issuer": ("new", Make(PUBLIC_LIKE, **_OLD)),  # type: ignore[arg-type]
    "no-sct": ("usual", Make(PUBLIC_LIKE[:-1], **_OLD)),  # type: ignore[arg-type]
    "expired": ("usual", Make(PUBLIC_LIKE, begins=-200, days=180, sent=1)),
    "fresh": ("usual", Make(PUBLIC_LIKE, begins=0, days=180, sent=1)),
    "ended-yesterday": ("usual", Make(PUBLIC_LIKE, begins=-181, days=180, sent=1)),
    "incomplete": ("usual", Make(PUBLIC_LIKE, begins=-20, days=180, sent=0)),
    "wrong-name": ("usual", Make(PUBLIC_LIKE, begins=-20, days=180, names=("www.block.example",), sent=1)),
    "self-signed": ("stray", Make(("SAN", "BC"), begins=-20, days=3650, sent=1)),
    "rsa": ("usual", Make(PUBLIC_LIKE, rsa=True, begins=-3, days=180, sent=1)),
    "content-network": ("content", Make(PUBLIC_LIKE, begins=-20, days=90, sent=1)),
}
"""Kinds of leaves a front door may show in place of its usual one: who issues, and how."""
