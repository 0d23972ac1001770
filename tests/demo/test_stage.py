"""The stage of the demo's page: what is inserted, and refusals in sentences."""

import asyncio
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
    one = WorldStage(cast("Asking", world), ["Frankfurt", "Porto"], "real", "simulated")
    one.steady.set()
    return one


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


async def test_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the ways were seen clean twice an insertion waits, for a while; a removal does not."""
    world = World()
    one = WorldStage(cast("Asking", world), ["Porto"], "real", "simulated")
    async with asyncio.TaskGroup() as group:
        group.create_task(one.insert("Porto"), name="too early")
        await asyncio.sleep(0)
        await one.remove("Porto")
        assert world.asked == [{"remove": "Porto"}]
        one.steady.set()
    assert one.inserted() == {"Porto"}
    monkeypatch.setattr("demo.stage.STEADY_S", 0.0)
    one.steady.clear()
    with pytest.raises(
        StageRefused, match="have not seen every way clean twice yet, so a device would not count as new; try again in some seconds"
    ):
        await one.insert("Porto")
