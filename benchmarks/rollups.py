"""scripts/bench rollups: what an hour of 1,000 agents with 25 points a minute costs to sum up, and how often noise is called a change.

200 sites of 5 agents. Raw points come from memory (`cpu_s`: the watcher's own work, CPU of this process, into a real state database and a
history that encodes and forgets), and, where influxd is (scripts/servers), those of `--influx-sites` sites from a real InfluxDB. Alarms:
`--years` series of daily p95 with a spread of a tenth, looked at each day of a year. Seeded; the figures' noise is the machine's.
"""

import argparse
import asyncio
import json
import math
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from server.fleet.registry import Registry, Site
from server.history.influx import Influx
from server.history.null import NullHistory
from server.history.port import Bucket, History, Point, Value
from server.state import rollups
from server.state.database import open_database
from server.watcher.leading import Leadership
from server.watcher.rollups.change import change_in
from server.watcher.rollups.duty import RollupDuty
from server.watcher.rollups.local_time import HOUR_NS
from server.watcher.rollups.tally import PHASES
from server.watcher.rollups.trend import Trend, looked, opens
from tests.servers.fixtures import programs
from tests.servers.influx import Influx as Server

SITES, AGENTS, MINUTES = 200, 5, 60
WORKLOADS = ("Exchange", "SharePoint", "Teams", "Common")
TARGETS = 6
"""By two routes 12 web probes, their 12 findings, and one media probe: 25 points a minute and agent."""
START_NS = time.time_ns() // HOUR_NS * HOUR_NS - 3 * HOUR_NS
DAY_NS = 24 * HOUR_NS
KINDS = ("no memory", "weeks", "wild days", "days alike (0.5)")
SPREAD = 0.1


def series_of(site: str) -> dict[str, list[list[Point]]]:
    """Return one hour of a site's raw points by measurement, a list for each series."""
    chance = random.Random(site)
    made: dict[str, list[list[Point]]] = {"web": [], "finding": [], "media": []}
    for agent in range(AGENTS):
        for number in range(TARGETS):
            for route in ("direct", "system"):
                workload = WORKLOADS[number % len(WORKLOADS)]
                names = {"agent": f"a{agent}", "route": route, "site": site, "target": f"host{number}.example:443", "workload": workload}
                tags = tuple(names.items())
                made["web"].append([_web(tags, minute, chance) for minute in range(MINUTES)])
                tax: dict[str, Value] = {"tax_ms": 10.0} if route == "system" else {}
                findings: dict[str, Value] = {"verdict": "clean", **tax}
                made["finding"].append([Point("finding", tags, findings, START_NS + minute * 60 * 10**9) for minute in range(MINUTES)])
        relay = (("agent", f"a{agent}"), ("route", "direct"), ("site", site), ("target", "relay:3478/udp"), ("workload", "Teams"))
        made["media"].append([Point("media", relay, {"rtt_ms": 20.0}, START_NS + minute * 60 * 10**9) for minute in range(MINUTES)])
    return made


def _web(tags: tuple[tuple[str, str], ...], minute: int, chance: random.Random) -> Point:
    fields: dict[str, Value] = {name: round(chance.lognormvariate(3, 0.5), 2) for name in PHASES[:7]}
    return Point("web", tags, fields, START_NS + minute * 60 * 10**9)


class Remembered(NullHistory):
    """Gives the same hour for every site."""

    def __init__(self) -> None:
        super().__init__()
        self._hour = series_of("any")

    async def samples(
        self,
        bucket: Bucket,  # noqa: ARG002 - the port's signature
        measurement: str,
        fields: Sequence[str],  # noqa: ARG002
        where: Mapping[str, str],  # noqa: ARG002
        start_ns: int,
        end_ns: int,  # noqa: ARG002
    ) -> AsyncGenerator[list[Point], None]:
        """Give an hour's points."""
        for piece in self._hour[measurement] if start_ns == START_NS else []:
            yield piece


async def sum_up(history: History, folder: Path, sites: Sequence[str]) -> tuple[float, float]:
    """Sum one hour of sites up; return CPU and wall seconds."""
    database = await open_database(f"sqlite+aiosqlite:///{folder}/state.db")
    async with database.writing() as transaction:
        await rollups.mark(transaction, {(site, START_NS) for site in sites}, START_NS)
    lead = Leadership(database, "bench", lambda: START_NS + 2 * HOUR_NS)
    await lead.lead()
    duty = RollupDuty(database, history, Registry({site: Site(site, zone="Europe/Berlin") for site in sites}))
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    await duty.step(lead)
    after = resource.getrusage(resource.RUSAGE_SELF)
    await database.close()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - began


async def in_memory(folder: Path) -> dict[str, float]:
    """Return the watcher's own cost of the hour."""
    history = Remembered()
    cpu_s, wall_s = await sum_up(history, folder, [f"Branch {number:03}" for number in range(SITES)])
    with sqlite3.connect(folder / "state.db") as plain:
        hours, size = plain.execute("SELECT count(*), sum(length(kept) + length(passing)) FROM rollup_hour").fetchone()
        lasting = plain.execute("SELECT sum(length(kept)) FROM rollup_hour").fetchone()[0]
    points = SITES * AGENTS * MINUTES * 25
    figures = {"points": points, "cpu_s": round(cpu_s, 2), "wall_s": round(wall_s, 2), "cpu_us_per_point": round(cpu_s / points * 1e6, 2)}
    rows = {"hour_rows": hours, "bytes_per_hour_row": round(size / hours), "lasting_bytes_per_hour_row": round(lasting / hours)}
    return figures | rows | {"points_written": history.points}


async def from_influx(folder: Path, count: int) -> dict[str, float]:
    """Return the cost with a real InfluxDB, of so many sites."""
    program = programs().get("influxd")
    if program is None or not count:
        return {}
    server = Server(program)
    try:
        server.start()
        history = Influx(server.fresh(timeout_s=60.0))
        sites = [f"Branch {number:03}" for number in range(count)]
        for site in sites:
            for pieces in series_of(site).values():
                assert await history.write("mw_raw", [point for piece in pieces for point in piece]) == []
        cpu_s, wall_s = await sum_up(history, folder, sites)
        await history.close()
    finally:
        server.remove()
    points = count * AGENTS * MINUTES * 25
    return {"influx_sites": count, "influx_wall_us_per_point": wall_s / points * 1e6, "influx_cpu_us_per_point": cpu_s / points * 1e6}


def noise(kind: str, chance: random.Random, days: int) -> list[float]:
    """Return a year's daily p95 in which nothing changes."""
    values, alike = [], 0.0
    for day in range(days):
        step = chance.gauss(0, SPREAD)
        if kind == "days alike (0.5)":
            alike = 0.5 * alike + step * math.sqrt(0.75)
            step = alike
        elif kind == "weeks":
            step -= 0.3 if day % 7 > 4 else 0
        elif kind == "wild days":
            step *= 6 if chance.random() < 0.05 else 1
        values.append(150 * math.exp(step))
    return values


def alarms(kind: str, years: int) -> float:
    """Return how often in a series and year something is told of noise."""
    chance, told = random.Random(f"{kind} 11"), 0
    for _ in range(years):
        values, trend = noise(kind, chance, 365 + 84), Trend()
        looks = [trend]
        for day in range(84, len(values)):
            change = change_in(values[day - 83 : day + 1], [step % 7 for step in range(day - 83, day + 1)])
            since_ns = (day - 83 + change.at) * DAY_NS if change else 0
            looks.append(looked(looks[-1], change.percent if change else None, since_ns))
        told += sum(opens(before, after) for before, after in pairwise(looks))
    return told / years


def found(rise: float, weeks: int, kind: str, series: int = 200) -> float:
    """Return the share of series in which a rise that has lasted so many weeks is found."""
    chance, count = random.Random(f"{kind} {rise}"), 0
    for _ in range(series):
        values = noise(kind, chance, 84)
        values = [value * (rise if day >= 84 - 7 * weeks else 1) for day, value in enumerate(values)]
        change = change_in(values, [day % 7 for day in range(84)])
        count += change is not None and change.percent > 0
    return count / series


def main() -> None:
    """Measure, and print the figures as one JSON object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--influx-sites", type=int, default=10)
    parser.add_argument("--years", type=int, default=100, help="series of noise of each kind, a year each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        figures: dict[str, object] = dict(asyncio.run(in_memory(Path(one))))
        figures |= {name: round(value, 1) for name, value in asyncio.run(from_influx(Path(other), options.influx_sites)).items()}
    figures["false_alarms_per_series_and_year"] = {kind: round(alarms(kind, options.years), 3) for kind in KINDS}
    figures["found_18_percent_six_weeks"] = {kind: found(1.18, 6, kind) for kind in KINDS}
    figures["found_30_percent_two_weeks"] = {kind: found(1.3, 2, kind) for kind in KINDS}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
