"""The stage of the demo's page: what is inserted, and refusals in sentences."""

from typing import Any, cast

import pytest

from demo.child import Asking
from demo.stage import WorldStage
from server.console.stage import StageRefused


class World:
    """Answers as it is told to."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] | None = {"ok": True}
        self.asked: list[dict[str, Any]] = []

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Keep the question; answer, or be gone."""
        self.asked.append(question)
        if self.answer is None:
            raise ConnectionError("the world no longer answers")
        return self.answer


def stage(world: World) -> WorldStage:
    """Return a stage of two sites."""
    return WorldStage(cast("Asking", world), ["Frankfurt", "Porto"], "real", "simulated")


async def test_insert_and_remove() -> None:
    """What the world did is what the stage says is inserted; twice is once."""
    world = World()
    one = stage(world)
    await one.insert("Porto")
    await one.insert("Porto")
    assert one.inserted() == {"Porto"}
    await one.remove("Porto")
    assert one.inserted() == frozenset()
    assert world.asked == [{"insert": "Porto"}, {"insert": "Porto"}, {"remove": "Porto"}]


async def test_refusals() -> None:
    """A site without a link, a world that refuses and one that is gone are sentences, and change nothing."""
    world = World()
    one = stage(world)
    with pytest.raises(StageRefused, match="'Osaka' has no link of the demo; write one of Frankfurt, Porto"):
        await one.insert("Osaka")
    world.answer = {"error": "the disk is full"}
    with pytest.raises(StageRefused, match="the disk is full"):
        await one.insert("Porto")
    world.answer = None
    with pytest.raises(StageRefused, match="no longer answers; end the demo with Ctrl-C and start it again"):
        await one.insert("Porto")
    assert one.inserted() == frozenset()
