"""Collectors killed with SIGKILL at named points of a batch and at seeded moments: a crash repeats work, and never loses or doubles a row.

The points are in tests/lab/dying_server.py: before and after the write to InfluxDB, inside the state transaction, between its commit and
the receipts, between two receipts, and in the watcher's decisions and deliveries.
"""

import random
import time
from collections import Counter

import pytest

from tests.lab.programs import Collector
from tests.lab.spine import Spine

pytestmark = pytest.mark.kill
POINTS = ("before-write", "after-write", "in-commit", "after-commit", "between-receipts")
EACH = 4
WATCHER = "in-decision:1,event-written:1"
"""Armed in every other life: a decision comes only when a device does, and only to the process that holds the lease."""
RANDOM = 6
LONGEST_LIFE_S = 8.0
"""Enough for the start and a few batches on a busy machine; a life that does not come to its point is ended by us."""


def lives(chance: random.Random) -> list[str]:
    """Return how each life ends: at the n-th time it comes to a point, or, when empty, at any moment."""
    ends = [f"{point}:{chance.randint(1, 6)}" for point in POINTS for _ in range(EACH)] + [""] * RANDOM
    chance.shuffle(ends)
    return [",".join(filter(None, [end, WATCHER if number % 2 else ""])) for number, end in enumerate(ends)]


def live_and_die(spine: Spine, victim: Collector, dies: str, chance: random.Random) -> None:
    """Start a collector anew and see it die where it is to or, when that is nowhere or does not come, by our hand."""
    victim.kill()
    victim.dies = dies
    victim.start()
    if not dies:
        spine.progress(chance)
    deadline = time.monotonic() + LONGEST_LIFE_S
    while dies and victim.running and time.monotonic() < deadline:
        time.sleep(0.02)
    victim.kill()


@pytest.mark.parametrize("seed", [20261123])
def test_collectors_killed(spine: Spine, seed: int) -> None:
    """26 deaths, four at each point of a batch at least: every report stored once, every row right, the device told once."""
    chance = random.Random(seed)
    spine.start()
    for dies in lives(chance):
        live_and_die(spine, chance.choice(spine.collectors), dies, chance)
    died = Counter(word for one in spine.collectors if one.obituary.exists() for word in one.obituary.read_text().split())
    for one in spine.collectors:
        one.dies = ""
    spine.finish()
    spine.verify()
    assert set(POINTS) <= set(died), f"points where nobody died: {set(POINTS) - set(died)}; {died}"
