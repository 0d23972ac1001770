"""Raw points as a collector stores them, made up: an hour of probes of one agent."""

import random
from collections.abc import Iterator

from server.history.port import Point

MINUTE_NS = 60 * 10**9
LABELS = (("direct", "Exchange", "outlook.office365.com:443"), ("system", "Exchange", "outlook.office365.com:443"))


def probes(site: str, agent: str, start_ns: int, end_ns: int, seed: int = 0, step_ns: int = MINUTE_NS) -> Iterator[Point]:
    """Give a web probe on two routes and their findings for each step; the second way costs about ten milliseconds."""
    chance = random.Random(f"{site} {agent} {seed}")
    for at_ns in range(start_ns, end_ns, step_ns):
        for index, (route, workload, target) in enumerate(LABELS):
            tags = (
                ("site", site),
                ("agent", agent),
                ("target", target),
                ("route", route),
                ("workload", workload),
                ("category", "Optimize"),
            )
            total_ms = round(chance.lognormvariate(4, 0.5), 2)
            yield Point("web", tags, {"total_ms": total_ms, "dns_ms": round(total_ms / 10, 2), "seq": 1}, at_ns + index)
            tax = {"tax_ms": round(chance.gauss(10, 5), 3)} if index else {}
            yield Point("finding", tags, {"verdict": "inspected" if index else "clean", **tax}, at_ns)
