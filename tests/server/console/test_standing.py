"""How all stand, with the history store asked seldom and forgiven."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from judge.knowledge.loader import load_knowledge
from server.console.standing import MEASURE_EVERY_NS, Standing
from server.fleet.registry import Registry
from server.history.null import NullHistory
from server.history.port import Bucket, Point, Unavailable
from tests.fakes.sightings import START
from tests.fakes.state import fresh


class Counting(NullHistory):
    """Counts how often it is asked for the newest of `web`; away when told."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.away = False

    async def latest(self, bucket: Bucket, measurement: str, fields: Sequence[str], where: Mapping[str, str], since_ns: int) -> list[Point]:
        """Count, or refuse."""
        if self.away:
            raise Unavailable("away", "history.url does not answer")
        self.asked += measurement == "egress"
        return []


async def test_history_is_asked_every_few_seconds(tmp_path: Path) -> None:
    """Within five seconds it is asked once; away it is a sentence, back again it is none."""
    database, history = await fresh(tmp_path), Counting()
    standing = Standing(database, history, Registry(), load_knowledge())
    await standing.read(START)
    await standing.read(START + MEASURE_EVERY_NS - 1)
    assert history.asked == 1
    history.away = True
    assert (await standing.read(START + MEASURE_EVERY_NS)).sites == []
    assert standing.fault == "history.url does not answer"
    history.away = False
    await standing.read(START + 2 * MEASURE_EVERY_NS)
    await database.close()
    assert (history.asked, standing.fault) == (2, "")
