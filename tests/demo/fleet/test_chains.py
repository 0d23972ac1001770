"""Holds demo/fleet/chains.py: whose name signs what behind which device."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.agents import HOSTS
from demo.authority import Shelf, UnusableFolder
from demo.fleet.chains import PASSED, chains
from demo.world.world import AUTHORITY_FOLDER
from judge.certificate import read_certificate
from judge.knowledge.products import match_product
from tests.demo.fleet.conftest import Minted


def product_of(minted: Minted, chain: tuple[bytes, ...]) -> str | None:
    """Return the id of the product whose name is in a chain."""
    found = match_product(minted.knowledge.products, [read_certificate(der) for der in chain])
    return found.id if found else None


def test_who_signs(minted: Minted) -> None:
    """Each device signs in its product's name what it does not let through; a front door signs in nobody's."""
    for host in HOSTS:
        assert product_of(minted, minted.chains[host, None]) is None
        assert product_of(minted, minted.chains[host, "firewall"]) == "fortinet"
        assert product_of(minted, minted.chains[host, "gateway"]) == (None if host in PASSED else "zscaler")
    assert len(minted.chains) == 3 * len(HOSTS)


def test_a_restart_finds_the_same_chains(minted: Minted) -> None:
    """What lies on the shelf is used again: a device keeps its key, and a front door its certificate."""
    assert chains(Shelf(minted.folder / AUTHORITY_FOLDER, datetime.now(UTC))) == minted.chains


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    """A damaged file is named with the remedy."""
    (tmp_path / "public root.pem").write_text("no key")
    with pytest.raises(UnusableFolder, match=r"public root\.pem is not a key with certificates; delete it"):
        chains(Shelf(tmp_path, datetime.now(UTC)))
