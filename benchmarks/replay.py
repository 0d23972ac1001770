"""scripts/bench replay: a month of a company, its true new devices, and everything else that happens, against the real watcher.

The month is generated from a seed (`benchmarks/replay_world/`) by somebody who has not read the rules, and plays as runs in simulated time
over a real SQLite state database. The bar: every true device found within the bound of design §6, nothing told falsely, nothing twice,
one alert for each outage. Exit status 1 when the bar is missed.
"""

import argparse
import asyncio
import json
import sys

from benchmarks.replay_world.fullday import DAY_BEGINS, Day, play_day
from benchmarks.replay_world.outages import Outages, outages
from benchmarks.replay_world.outages import table as outage_table
from benchmarks.replay_world.playing import Played, play
from benchmarks.replay_world.scoring import Result, score, table
from benchmarks.replay_world.ways import told_of
from benchmarks.replay_world.world import BRIEF, LONG, World, make_world


def figures(world: World, played: Played, result: Result, struck: Outages) -> dict[str, object]:
    """Return what the last line says."""
    moved, unmoved = told_of(((one.kind, one.severity, one.scope) for one in played.told), world.noise.clouds)
    return {
        **result.figures(),
        "outages": len(struck.causes),
        "outages_alerted_once": struck.once,
        "alerts_per_outage": struck.most,
        "alerts_of_planned_work": struck.unmuted,
        "alerts_without_outage": len(struck.strange),
        "ways_told": moved,
        "ways_told_falsely": len(unmoved),
        "seconds": round(played.seconds, 1),
        "cpu_seconds": round(played.cpu_seconds, 1),
        "runs": played.runs,
        "decisions": played.decisions,
        "seed": world.seed,
    }


def holds(result: Result, struck: Outages) -> bool:
    """Return whether the bar is met."""
    return result.hold() and struck.hold()


def show(world: World, played: Played, result: Result, struck: Outages) -> None:
    """Print the table, what was told falsely, and where the time went."""
    print(f"seed {world.seed}: {len(world.fleet.sites)} sites, {len(world.fleet.agents)} agents, {world.fleet.days} days")
    print("\n".join([*table(result), *outage_table(struck)]))
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in played.spent.items())
    print(f"{played.counts.reports} reports that change something, {played.steps} steps: {spent}")


def day_figures(day: Day, result: Result) -> dict[str, object]:
    """Return what the last line says of a full day."""
    return {
        **result.figures(),
        "reports": day.sent,
        "sent_again": day.again,
        "stored": day.stored,
        "complete": day.complete(),
        "points": day.points,
        "seconds": round(day.seconds, 1),
        "cpu_seconds": round(day.cpu_seconds, 1),
        "cpu_seconds_of_making": round(day.making, 1),
    }


def full_day(seed: int, sites: int) -> int:
    """Play a day as whole reports and hold it against the bar."""
    day, result = asyncio.run(play_day(seed, sites, say=lambda text: print(text, file=sys.stderr, flush=True)))
    print(f"seed {seed}: {sites} sites, {day.streams} agents, a day at one report an hour and a day at one every five minutes")
    print("\n".join(table(result, DAY_BEGINS)))
    print(json.dumps(day_figures(day, result) | {"seed": seed}))
    return 0 if result.hold() and day.complete() else 1


def main() -> int:
    """Play a month and hold it against the bar; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="20 sites, 3 days, 8 devices")
    parser.add_argument("--full-day", action="store_true", help="a day as whole reports through the collector")
    parser.add_argument("--sites", type=int, default=200, help="of the full day; each has five agents that report every five minutes")
    asked = parser.parse_args()
    if asked.full_day:
        return full_day(asked.seed, asked.sites)
    world = make_world(asked.seed, BRIEF if asked.short else LONG)
    played = asyncio.run(play(world, lambda text: print(text, file=sys.stderr)))
    result = score(world, played.told)
    struck = outages(world, played.alerts)
    show(world, played, result, struck)
    print(json.dumps(figures(world, played, result, struck)))
    return 0 if holds(result, struck) else 1


if __name__ == "__main__":
    sys.exit(main())
