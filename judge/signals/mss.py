"""Family `segments`: TCP segments made smaller on the way (aspect `mss`), as tunnels need it.

1348 bytes behind a clamp to 1360 where the direct path has 1448 (laboratory). No harm by itself, and a good sign of a tunnel.

A path is compared with the others of the report, and with what no tunnel explains: PPPoE and IPv6 leave 1420 bytes at least.
"""

from judge.evidence import weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from wire.facts import PathFacts

PLAIN = 1420
"""Bytes with TCP timestamps counted: Ethernet 1460, PPPoE 1452, over IPv6 1440 and 1432. Mobile networks' 1400 are tunnels' too (GTP)."""
APART = 40
"""More than IPv6's longer header (20) and PPPoE (8) together explain between two targets of one place."""
_TIMESTAMPS = 12


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return for each path with a known segment size whether it was made smaller."""
    sizes = {index: size for index, one in enumerate(examined.seen) if isinstance(one.facts, PathFacts) and (size := _size(one.facts))}
    found = []
    for index, size in sizes.items():
        route = examined.seen[index].facts.route
        most = max(other for key, other in sizes.items() if examined.seen[key].facts.route == route)
        if size < PLAIN or most - size >= APART:
            beside = f", {most} to other targets" if most - size >= APART else ""
            text = f"Segments hold {size} bytes{beside}: made for a tunnel, which plain links do not need."
            found.append((index, weighed(knowledge, "mss_clamped", "segments", text)))
        else:
            found.append((index, weighed(knowledge, "mss_full", "segments", f"Segments hold {size} bytes, as plain links carry.")))
    return found


def _size(facts: PathFacts) -> int:
    """Return the size with the room timestamps take counted in; 0 where it is not known."""
    return 0 if facts.mss is None else facts.mss + (_TIMESTAMPS if facts.timestamps else 0)
