"""The stage's protocol, and that the tests' fake keeps to it."""

import pytest

from server.console.stage import Stage, StageRefused
from tests.fakes.stage import FakeStage


async def test_fake_is_a_stage() -> None:
    """A device put in is told, one taken out is not; a refusal is a sentence."""
    fake = FakeStage()
    stage: Stage = fake
    await stage.insert("Lyon")
    assert stage.inserted() == {"Lyon"}
    await stage.remove("Lyon")
    assert not stage.inserted()
    fake.refusal = "The world has ended; start the demo again."
    with pytest.raises(StageRefused, match="start the demo again"):
        await stage.insert("Lyon")
