"""Holds server/knowledge.py: a good bundle is adopted in a running centre, a bad one changes nothing, a restart finds the last good."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from judge.knowledge.assembly import FILES
from judge.knowledge.bundle import manifest_of, pack
from judge.knowledge.loader import DATA, load_knowledge
from judge.knowledge.model import Knowledge
from server.config import KnowledgeSection
from server.fleet.plans import key_id, public_text
from server.knowledge import KnowledgeSource

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SHIPPED = load_knowledge()
SCT = "weight = 0.65"


def dates(edition: int) -> bytes:
    """Return a manifest.toml of an edition."""
    return f'as_of = "2026-12-01"\nedition = {edition}\n'.encode()


def write(place: Path, edition: int, weight: float = 0.6, key: Ed25519PrivateKey = KEY, more: Mapping[str, bytes] | None = None) -> None:
    """Write a bundle whose `no_sct` weighs `weight`."""
    thresholds = (DATA / "thresholds.toml").read_text()
    assert SCT in thresholds
    files = {"manifest.toml": dates(edition), "thresholds.toml": thresholds.replace(SCT, f"weight = {weight}").encode(), **(more or {})}
    manifest = manifest_of(files, FILES)
    place.write_bytes(pack(files, manifest, key_id(key), key.sign(manifest.encode())))


class Log:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **more: object) -> None:
        """Keep a line."""
        self.lines.append((event, more))

    warning = info


class Place:
    """A folder with a bundle, and sources that read it."""

    def __init__(self, folder: Path) -> None:
        self.bundle = folder / "knowledge.json"
        self.log = Log()

    def source(self, refresh_s: float = 60.0) -> KnowledgeSource:
        """Return a source as a centre starts it."""
        keys = {key_id(KEY): public_text(KEY)}
        settings = KnowledgeSection.model_construct(bundle=self.bundle, keys=keys, refresh_s=refresh_s)
        return KnowledgeSource(settings, None, cast("Any", self.log))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give an empty folder."""
    return Place(tmp_path)


def weight(knowledge: Knowledge | None) -> float | None:
    """Return what the bundle changes."""
    return knowledge.weights["no_sct"].weight if knowledge is not None else None


def test_without_a_bundle_the_shipped_one_is_used() -> None:
    """No bundle configured: what is shipped, and nothing is looked for again."""
    source = KnowledgeSource(KnowledgeSection(), None, cast("Any", Log()))
    assert source.start().version == SHIPPED.version
    assert source.look() is None
    assert source.trouble == ""


def test_a_bundle_is_adopted(place: Place) -> None:
    """A newer bundle stands over what is shipped; files it lacks are the shipped ones; judgements say its version."""
    write(place.bundle, 2026120101)
    found = place.source().start()
    assert (weight(found), found.edition, len(found.products)) == (0.6, 2026120101, len(SHIPPED.products))
    assert found.version.startswith("2026-12-01+")


def test_a_change_is_seen_while_running(place: Place) -> None:
    """A file not there yet is told and waited for; a new one is adopted once; the same one is not read again."""
    source = place.source()
    assert weight(source.start()) == 0.65
    assert "knowledge.json: No such file or directory; name a file that can be read" in source.trouble
    write(place.bundle, 2026120101)
    assert weight(source.look()) == 0.6
    assert source.look() is None
    assert source.trouble == ""
    write(place.bundle, 2026120102, 0.55)
    assert weight(source.look()) == 0.55


def damage(place: Path) -> None:
    """Write a bundle, then change one byte of a file in it."""
    write(place, 2026120102)
    plain = json.loads(place.read_text())
    plain["files"]["thresholds.toml"] += "#"
    place.write_text(json.dumps(plain))


BAD = [
    (lambda place: write(place, 2026113001), "edition 2026113001 is older than what is in use, 2026120101"),
    (lambda place: write(place, 2026120102, key=Ed25519PrivateKey.generate()), "which is not trusted here"),
    (lambda place: write(place, 2026120102, 7.0), "thresholds.toml: [[weight]] no_sct: weight: "),
    (
        lambda place: write(place, 2026120102, more={"hosts.toml": b"[[host]]\npattern = 'x'\n"}),
        "hosts.toml: [[host]] x: grade: Field required",
    ),
    (damage, "thresholds.toml: its digest is not the manifest's"),
    (lambda place: place.write_bytes(b"rubbish"), "Invalid JSON"),
    (lambda place: place.unlink(), "No such file"),
]


@pytest.mark.parametrize(("spoil", "told"), BAD)
def test_a_bad_one_changes_nothing(place: Place, spoil: Any, told: str) -> None:
    """Older, not ours, damaged, a wrong row, gone: each is refused with its reason, said once, and the last good one is found again."""
    write(place.bundle, 2026120101)
    source = place.source()
    source.start()
    spoil(place.bundle)
    assert source.look() is None
    assert told in source.trouble
    refused = [event for event, _ in place.log.lines if "refused" in event]
    source.look()
    assert [event for event, _ in place.log.lines if "refused" in event] == refused
    again = place.source()
    assert weight(again.start()) == 0.6
    assert told in again.trouble


def test_a_bundle_older_than_what_is_shipped_is_refused(place: Place) -> None:
    """After an upgrade of the program an old bundle no longer holds knowledge back."""
    write(place.bundle, SHIPPED.edition - 1)
    source = place.source()
    assert weight(source.start()) == 0.65
    assert "is older than what is shipped with this version" in source.trouble


def test_a_kept_one_of_a_key_taken_back_is_not_used(place: Place) -> None:
    """Whose key is no longer trusted has no say any more, kept copy included."""
    write(place.bundle, 2026120101)
    place.source().start()
    place.bundle.unlink()
    other = KnowledgeSection.model_construct(bundle=place.bundle, keys={"other": public_text(Ed25519PrivateKey.generate())}, refresh_s=60)
    assert weight(KnowledgeSource(other, None, cast("Any", place.log)).start()) == 0.65


async def test_it_is_handed_over(place: Place) -> None:
    """A running source hands over each new knowledge until it is cancelled."""
    source = place.source(refresh_s=0.01)
    source.start()
    taken: asyncio.Queue[Knowledge] = asyncio.Queue()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(source.run(taken.put_nowait))
        write(place.bundle, 2026120101)
        assert weight(await taken.get()) == 0.6
        running.cancel()
    assert taken.empty()
