"""The broker killed with SIGKILL again and again: its queues and acknowledgements carry no correctness, so nothing may be lost."""

import random

import pytest

from tests.lab.spine import Spine

pytestmark = pytest.mark.kill
KILLS = 22


def test_broker_killed(spine: Spine, seed: int) -> None:
    """Killed at 22 moments, each time after a receipt came through it again; what it had queued since the last save is gone."""
    chance = random.Random(seed)
    spine.start()
    for _ in range(KILLS):
        spine.progress(chance, longest_s=0.8)
        spine.broker.kill()
        spine.broker.start()
    spine.finish()
    spine.verify()
