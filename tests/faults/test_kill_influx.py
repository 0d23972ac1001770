"""InfluxDB killed with SIGKILL again and again: what it had not made durable is written again, as the same rows."""

import random

import pytest

from tests.lab.spine import Spine
from tests.servers.influx import Influx

pytestmark = pytest.mark.kill
KILLS = 22


def test_influx_killed(spine: Spine, influx: Influx, seed: int) -> None:
    """Killed at 22 moments while points come in; whatever its answer to a write was, each row is there once and right."""
    chance = random.Random(seed)
    spine.start()
    for _ in range(KILLS):
        spine.progress(chance, longest_s=0.8)
        influx.kill()
        influx.start()
    spine.finish()
    spine.verify()
