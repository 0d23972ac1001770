"""PostgreSQL killed with SIGKILL under two collectors: what was not committed is done again, what was is answered again."""

import random

import pytest

from tests.lab.spine import Spine
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.kill
KILLS = 20


def test_state_database_killed(shared_spine: Spine, postgres: Postgres, seed: int) -> None:
    """Killed at 20 moments, some in the middle of a commit: the ledger misses nothing and doubles nothing, the device is told once."""
    chance = random.Random(seed)
    shared_spine.start()
    for _ in range(KILLS):
        shared_spine.progress(chance)
        postgres.kill()
        postgres.start()
    shared_spine.finish()
    shared_spine.verify()
