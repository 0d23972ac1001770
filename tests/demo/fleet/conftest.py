"""The simulated fleet's chains, minted once for all tests here, and the knowledge of a centre that trusts their root."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.authority import PublicAuthorities, Shelf
from demo.fleet.bodies import Bodies
from demo.fleet.chains import Chain, chains
from demo.fleet.sites import Device
from demo.world.world import AUTHORITY_FOLDER
from judge.knowledge.loader import load_knowledge
from judge.knowledge.model import Knowledge


@dataclass(frozen=True)
class Minted:
    """What a fleet and its centre start from. `folder` is the world's."""

    folder: Path
    public_roots: Path
    chains: Mapping[tuple[str, Device | None], Chain]
    knowledge: Knowledge

    def bodies(self) -> Bodies:
        """Return bodies of which the centre has none."""
        return Bodies(self.chains, self.knowledge)


@pytest.fixture(scope="package")
def minted(tmp_path_factory: pytest.TempPathFactory) -> Minted:
    """Give the chains of one shelf."""
    folder = tmp_path_factory.mktemp("world")
    shelf = Shelf(folder / AUTHORITY_FOLDER, datetime.now(UTC))
    made = chains(shelf)
    roots = folder / "public-roots.pem"
    roots.write_bytes(PublicAuthorities(shelf).root.pem)
    return Minted(folder, roots, made, load_knowledge(roots))
