"""Holds judge/knowledge/loader.py: the shipped knowledge loads and is versioned, and what cannot be read is told by name."""

import re
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from judge.knowledge.assembly import FILES
from judge.knowledge.bundle import Opened, manifest_of, pack
from judge.knowledge.loader import DATA, KnowledgeError, load_bundle, load_knowledge, read_data
from tests.fakes.pki import Authority, name


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a copy of the shipped data that may be broken."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def test_shipped_knowledge() -> None:
    """What is shipped loads, with roots, and its version is a date and a hash."""
    knowledge = load_knowledge()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\+[0-9a-f]{8}", knowledge.version)
    assert len(knowledge.roots) > 100
    assert len(knowledge.products) > 30
    assert load_knowledge().version == knowledge.version


def test_version_follows_the_content(data: Path, tmp_path: Path) -> None:
    """A changed row and other roots each make another version."""
    roots = tmp_path / "roots.pem"
    roots.write_bytes(Authority(name(CN="Lab"), "loader").pem)
    before = {load_knowledge(data=data).version, load_knowledge(roots, data).version}
    thresholds = data / "thresholds.toml"
    thresholds.write_text(thresholds.read_text().replace("weight = 0.65", "weight = 0.6"))
    assert len(before | {load_knowledge(data=data).version}) == 3


def test_missing_files(data: Path, tmp_path: Path) -> None:
    """A missing file, an unreadable and an empty root bundle are told by name and remedy."""
    (data / "hosts.toml").unlink()
    with pytest.raises(KnowledgeError, match=r"hosts\.toml: No such file.*install it again"):
        load_knowledge(data=data)
    with pytest.raises(KnowledgeError, match=r"none\.pem: No such file.*name a readable PEM file"):
        load_knowledge(tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(KnowledgeError, match="holds no certificate"):
        load_knowledge(tmp_path / "empty.pem")


def test_every_row_and_file_has_an_origin() -> None:
    """Each data file is described in ORIGIN.md, and nothing described is missing."""
    columns = re.findall(r"^\| (`[^|]+`) \|", (DATA / "ORIGIN.md").read_text(), re.MULTILINE)
    described = {name for column in columns for name in re.findall(r"`([^`]+)`", column)}
    assert described | {"ORIGIN.md", "manifest.toml"} == {path.name for path in DATA.iterdir()}
    assert {path.name for path in DATA.iterdir()} - {"ORIGIN.md"} == set(FILES)


def test_a_bundle_stands_over_the_files(data: Path, tmp_path: Path) -> None:
    """Files of a bundle count before those of the folder, and only those; a signed one is read, an older or missing one is refused."""
    key = Ed25519PrivateKey.generate()
    keys = {"ops": key.public_key().public_bytes_raw()}
    held = {"manifest.toml": b'as_of = "2026-12-01"\nedition = 2026120101\n'}
    over = load_knowledge(data=data, over=Opened(2026120101, "2026-12-01", "ops", held))
    assert (over.edition, over.as_of, over.products) == (2026120101, "2026-12-01", load_knowledge().products)
    manifest = manifest_of(held, FILES)
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(pack(held, manifest, "ops", key.sign(manifest.encode())))
    assert load_bundle(bundle, keys).version == over.version
    with pytest.raises(KnowledgeError, match="is older than what is in use, 2026120102"):
        load_bundle(bundle, keys, edition=2026120102)
    with pytest.raises(KnowledgeError, match=r"none: No such file or directory; name a file"):
        load_bundle(tmp_path / "none", keys)


def test_data_files_of_a_folder(data: Path, tmp_path: Path) -> None:
    """Only data files are taken from a folder, each as it is; an empty folder has none."""
    (data / "notes.txt").write_text("mine")
    assert set(read_data(data)) == set(FILES)
    assert read_data(tmp_path) == {}
