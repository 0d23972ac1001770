"""Collectors killed with SIGKILL at named points of a batch and at seeded moments: a crash repeats work, and never loses or doubles a row.

The points are in tests/lab/dying_server.py: before and after the write to InfluxDB, inside the state transaction, between its commit and
the receipts, between two receipts, and in the watcher's decisions and deliveries.
"""

import random
import time
from collections import Counter

import pytest

from tests.lab.programs import Collector
from tests.lab.readback import PATIENCE_S
from tests.lab.spine import Spine

pytestmark = pytest.mark.kill
POINTS = ("before-write", "after-write", "in-commit", "after-commit", "between-receipts")
EACH = 4
WATCHER = ("in-decision", "event-written")
"""Armed in every life until somebody died there: a decision comes only when a device does, to the process that holds the lease."""
RANDOM = 6
LONGEST_LIFE_S = 8.0
"""Enough for the start and a few batches on a busy machine; a life that does not come to its point is ended by us."""


def lives(chance: random.Random) -> list[str]:
    """Return how each life ends: at the n-th time it comes to a point, or, when empty, at any moment."""
    ends = [f"{point}:{chance.randint(1, 6)}" for point in POINTS for _ in range(EACH)] + [""] * RANDOM
    chance.shuffle(ends)
    return ends


def died(spine: Spine) -> Counter[str]:
    """Return at which points how many died."""
    return Counter(word for one in spine.collectors if one.obituary.exists() for word in one.obituary.read_text().split())


def watchers_points(spine: Spine) -> list[str]:
    """Return where in the watcher nobody died yet."""
    return [f"{point}:1" for point in WATCHER if not died(spine)[point]]


def live_and_die(spine: Spine, victim: Collector, dies: str, chance: random.Random, longest_s: float = LONGEST_LIFE_S) -> None:
    """Start a collector anew and see it die where it is to or, when that is nowhere or does not come, by our hand."""
    victim.kill()
    victim.dies = ",".join([*filter(None, [dies]), *watchers_points(spine)])
    victim.start()
    if not dies:
        time.sleep(chance.uniform(0.5, 3))
    deadline = time.monotonic() + longest_s
    while dies and victim.running and time.monotonic() < deadline:
        time.sleep(0.02)
    victim.kill()


def test_collectors_killed(spine: Spine, seed: int) -> None:
    """Each point ends one life at least, of the four aimed at it: every report stored once, every row right, the device told once.

    Three or four, seen: the watcher, armed in every life, can die first.
    """
    chance = random.Random(seed)
    for one in spine.collectors:
        one.dies = ",".join(watchers_points(spine))
    spine.start()
    for dies in lives(chance):
        live_and_die(spine, chance.choice(spine.collectors), dies, chance)
    for _ in WATCHER:
        if left := watchers_points(spine):  # a killed watcher's lease runs out only after 15 s
            live_and_die(spine, spine.collectors[0], left[0], chance, PATIENCE_S)
    for one in spine.collectors:
        one.dies = ""
    spine.finish()
    spine.verify()
    nobody = {*POINTS, *WATCHER} - set(died(spine))
    assert not nobody, f"points where nobody died: {nobody}; {died(spine)}"
