"""A rotation is told once and learned, from three unrelated ways out on."""

import pytest

from server.state import issuers
from server.state.database import Database
from server.state.issuers import Quorum, SightingRow
from server.watcher.leading import Leadership
from server.watcher.rotations import Rotations, is_rotation, sentence
from tests.fakes import sightings
from tests.fakes.sightings import START

KEY = "0a1b2c3d" * 8


@pytest.mark.parametrize(("networks", "places", "rotated"), [(3, 3, True), (2, 200, False), (1, 1, False)])
def test_three_unrelated_ways_out_are_a_rotation(networks: int, places: int, *, rotated: bool) -> None:
    """Two hundred sites behind one cloud, or two providers, are not."""
    assert is_rotation(Quorum(KEY, "CN", networks, places, 1, 2)) is rotated


async def test_it_is_told_once_and_learned(database: Database) -> None:
    """Held until the third network; then one event at P4, however often anybody looks."""
    lead = Leadership(database, "w", lambda: START)
    await lead.lead()
    for number in range(3):
        assert await sightings.told(database) == []
        async with database.writing() as transaction:
            await issuers.note(database, transaction, [SightingRow(KEY, f"AS{number}", f"site {number}", "CN", START)])
        await Rotations().step(lead)
    await Rotations().step(lead)
    assert [(kind, scope, severity) for kind, scope, _, severity in await sightings.told(database)] == [("rotation", "fleet", "P4")]
    async with database.reading() as transaction:
        assert await issuers.learned(transaction) == {KEY}


def test_what_it_says() -> None:
    """Which authority, where, why it is no device, and that nobody has to act."""
    told = sentence(Quorum(KEY, "Contoso TLS CA 7", 3, 12, 1, 2))
    assert "Contoso TLS CA 7: seen at 12 sites that leave by 3 unrelated networks" in told
    assert told.endswith("For: nobody; there is nothing to do.")
