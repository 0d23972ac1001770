"""Days of one site as the rollups keep them, made up: so many before and after a change of level."""

import random

from server.state.rollups import DayRow
from server.watcher.rollups.tally import LASTING, Tally, pack

DAY_NS = 86_400 * 10**9


def day_rows(site: str, route: str, change_ns: int, before: int, after: int, rise: float, samples: int = 200) -> list[DayRow]:
    """Return days of Exchange around 50 ms in UTC, oldest first; those from `change_ns` on are slower by `rise`."""
    chance = random.Random(f"{site} {route}")
    rows = []
    for day in range(-before, after):
        tally = Tally(count=samples, reached=samples, agents=3, hours=24)
        for _ in range(samples):
            tally.add("total_ms", chance.lognormvariate(4, 0.4) * (rise if day >= 0 else 1))
        start_ns = change_ns + day * DAY_NS
        rows.append(DayRow(site, start_ns, start_ns + DAY_NS, "Exchange", route, "24x7", pack(tally, LASTING)))
    return rows
