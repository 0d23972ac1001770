"""The agent's side killed with SIGKILL again and again: what its spool ever held is stored exactly once."""

import random
import time

import pytest

from tests.lab.spine import Spine

pytestmark = pytest.mark.kill
KILLS = 24


@pytest.mark.parametrize("seed", [20261123])
def test_feeder_killed(spine: Spine, seed: int) -> None:
    """Spool and uplink killed at 24 moments, before the first connection or between commit and sending: nothing lost, nothing twice."""
    chance = random.Random(seed)
    spine.start()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0, 1.2))
        spine.feeder.kill()
        spine.feeder.start()
    spine.finish()
    spine.verify()
